"""The transparent features of prompt attacks: which kinds of phrases a text holds (pure)."""

import re

import numpy as np
from numpy.typing import NDArray

_RULES = (
    r"(?:instructions?|instrctions|rules?|guide ?lines?|prompts?|directions?|directives?|"
    r"polic(?:y|ies)|"
    r"programming|restrictions?|constraints?|filters?|guardrails?|safeguards?|training|orders|"
    r"commands?|system message|persona)"
)
_BEFORE = (
    r"(?:all|any|every(?:thing)?|previous|prior|earlier|preceding|above|before|initial|original|"
    r"foregoing|given|your|these|those|whatever)"
)
_DROP = (
    r"(?:ignor\w*|ignroe|disregard\w*|forget\w*|forgot|overrid\w+|overrul\w+|by-?pass\w*|drop|"
    r"cancel\w*|neglect|discard|erase|wipe|delete|abandon|disobey|break|violate|set aside|void|"
    r"turn off|switch off|disable|stop following|do not follow|don't follow|pay no attention to)"
)
_TOLD = (
    r"(?:show|reveal|print|repeat|output|tell|give|display|leak|quote|translate|summari[sz]e|"
    r"spell|dump|encode|echo|write|list|return|recite|disclose|expose|share|what(?:'s| is| are|"
    r" were| was)?)"
)

CUES: dict[str, str] = {
    "override": rf"\b{_DROP}\b[^.!?\n]{{0,40}}\b{_BEFORE}\b[^.!?\n]{{0,30}}\b{_RULES}\b",
    "drop rules": rf"\b{_DROP}\b[^.!?\n]{{0,30}}\b{_RULES}\b",
    "drop the text": (
        rf"\b{_DROP}\b[^.!?\n]{{0,20}}\b(?:everything|all|anything|what)\b[^.!?\n]{{0,30}}"
        r"\b(?:above|before|previous(?:ly)?|prior|earlier|told|said|after|know|learned)\b"
    ),
    "new rules": (
        r"\bnew (?:rules?|instructions?|task|persona|orders?|directives?)\b|"
        r"\binstead of answering\b"
    ),
    "override, other languages": (
        r"\b(?:ignor\w+|olvid\w+|oubli\w+|vergiss|vergesst|esque[cç]\w+|dimentica\w*|zignoruj|"
        r"negeer|"
        r"iyade|бросай|игнорируй\w*|забудь\w*|bỏ qua|quên|huwag pansinin|kalimutan)\b.{0,40}"
        r"\b(?:instruc\w+|instruk\w+|istruzion\w+|instru[cç]\w+|enstriksyon|anweisung\w*|"
        r"regel\w*|regl\w+|"
        r"règles|regole|regras|reglas|consignes|indicaciones|directives|инструкци\w+|правила|"
        r"hướng dẫn|tagubilin|anterior\w*|obige\w*|ci-dessus)\b"
        r"|(?:忽略|忘记|无视|無視|忽視).{0,12}(?:指令|指示|规则|規則|提示|内容)|(?:지시|규칙).{0,8}무시"
        r"|(?:指示|命令|ルール).{0,8}(?:無視|忘れ)|تجاهل.{0,20}(?:التعليمات|الأوامر)"
        r"|(?:निर्देश\w*).{0,20}(?:अनदेखा|भूल)|talimat\w*.{0,15}(?:yok say|unut)"
    ),
    "reveal, other languages": (
        r"\b(?:prompt (?:del?|do|di) (?:sistema?|système)|invite système|systemprompt\w*|"
        r"systeemprompt|instrucciones (?:secretas|ocultas|iniciales)|instructions (?:cachées|"
        r"secrètes)|"
        r"geheimen? anweisung\w*|системный промпт|lời nhắc hệ thống|prompt systemowy|"
        r"promptul de sistem|sin restricciones|sans (?:aucune )?restriction\w*|sem (?:restrições|"
        r"limites)|"
        r"senza (?:filtri|restrizioni)|ohne (?:moral|einschränkung\w*|filter)|без ограничений)\b"
        r"|系统提示|系統提示|システムプロンプト"
        r"|시스템 프롬프트|没有任何限制|موجه النظام|सिस्टम प्रॉम्प्ट"
    ),
    "reveal": (
        rf"\b{_TOLD}\b[^.!?\n]{{0,50}}\b(?:system|initial|hidden|original|secret|your|developer|"
        rf"internal|complete|full|confidential)\b[^.!?\n]{{0,20}}\b(?:prompts?|instructions?|"
        rf"configuration|programming|context(?: window)?|guidelines)\b"
    ),
    "system prompt": (
        r"\bsystem (?:prompt|message|instruction)s?\b|\bhidden (?:rules|prompt|message|"
        r"instructions?)\b"
    ),
    "text above": (
        r"\b(?:repeat|print|output|show|copy|recite|write|translate|quote|"
        r"summari[sz]e)\b[^.!?\n]{0,30}\b(?:everything|text|words?|sentences?|lines?|message|"
        r"content)\b[^.!?\n]{0,20}\b(?:above|before|at the top|first)\b"
    ),
    "secret": (
        r"\b(?:secrets?|passwords?|passphrase|pass ?code|api keys?|access code|credentials|"
        r"confidential)\b"
    ),
    "other people's data": (
        r"\b(?:chat history|conversation|other users?|all members?|environment variables|"
        r"/etc/(?:passwd|shadow))\b"
    ),
    "role": (
        r"\b(?:you are now|you're now|you will now|you are going to|from now on|act as|acting as|"
        r"pretend(?:ing)? (?:to be|you|that you)|role-?play\w*|stay in character|in character|"
        r"immerse yourself|simulat\w+|imagine you(?:'re| are)|take (?:on )?the (?:role|part)|"
        r"you are no longer|switch your personality|be my|your name is now|speak only as|"
        r"respond as|"
        r"answer as|embody|assume the (?:role|identity|persona))\b"
    ),
    "persona": (
        r"\b(?:dan|jail ?br(?:ea|o)k\w*|developer mode|dev mode|debug mode|god mode|admin mode|"
        r"do anything|"
        r"opposite mode|evil|amoral|immoral|unethical|villain|mastermind|rogue|malicious|sinister|"
        r"sudo|system override|maintenance mode|alter ego|unhinged|ruthless)\b"
    ),
    "no limits": (
        r"\b(?:un(?:restricted|filtered|censored|limited|moderated|biased|bound|constrained)|"
        r"(?:no|without|any|free (?:from|of)|zero|beyond|outside)(?: \w+){0,2} (?:rules?|"
        r"filters?|restrictions?|"
        r"limit(?:s|ations)?|ethics|ethical|morals?|morality|boundaries|guidelines|censorship|"
        r"constraints?|conscience|norms)"
        r"|(?:not|isn't|aren't|no longer) (?:bound|limited|restricted|constrained|governed)|"
        r"broken free|anything goes|off limits)\b"
    ),
    "comply": (
        r"\b(?:never (?:refuse|apologi[sz]e|warn|say no|mention)|(?:do not|don't|without|"
        r"no) (?:\w+ ){0,2}"
        r"(?:disclaimers?|warnings?|refus\w+|apolog\w+|ethics)|must (?:comply|obey)|compl(?:y|"
        r"ies) with|obeys?|"
        r"(?:start|begin) (?:your|each|every|the) (?:reply|answer|response|message)\w* with|"
        r"regardless of (?:the )?(?:law|policy|consequences|ethic\w*|legal\w*))\b"
    ),
    "law and ethics": (
        r"\b(?:il)?legal(?:ity)?\b|\b(?:un)?ethical\w*|\bmoral\w*|\binappropriate\b|"
        r"\bcontent policy\b|\bopenai\b|\bpolicies\b"
    ),
    "answer in a role": (
        r"\b(?:respond|reply|answer|speak|write)(?:ing)? (?:only )?(?:as|like|in the voice of)\b|"
        r"\byou (?:will|must|shall|are to) (?:only |always |never )?(?:respond|reply|answer|"
        r"speak|act|play|be)\b|"
        r"[\[{<](?:your |insert |the )?(?:prompt|topic|question|request)\b|\bas an ai\b"
    ),
    "change the answer": (
        r"\b(?:add|append|include|insert|integrate|incorporate|work|put|modify|adjust|change|"
        r"alter|augment|enhance|extend|end|begin|"
        r"replace|swap|substitute|convert|render|provide|write|scramble|rearrange|remove|omit|"
        r"use|group|introduce|give)\b"
        r"[^.!?\n]{0,60}\byour (?:\w+ )?(?:reply|response|answer|output|message|summary)\b|"
        r"\bin your (?:reply|response|answer|output|summary),"
    ),
    "creative task": (
        r"\b(?:write|compose|draft|develop|create|provide|tell|generate|"
        r"give)(?: me)? an? (?:\w+ ){0,2}"
        r"(?:poem|story|song|joke|limerick|essay|speech|rap|haiku|fairy tale|sonnet)\b"
    ),
    "machine": (
        r"\b(?:chat ?gpt|gpt|language model|ai|a\.i\.|chatbot|bot|llm|artificial intelligence)\b"
    ),
    "delimiters": (
        r"<\|[a-z_]+\|>|\[/?inst\]|<</?sys>>|</?(?:system|user|assistant|instructions?)>|"
        r"#{2,} ?(?:instruction|system|new|end|user)|\b(?:system|assistant|user|human):|"
        r"-{3,} ?end|\[(?:system|user|assistant)\]|={4,}"
    ),
    "exfiltration": (
        r"!\[[^\]]*\]\(|<(?:img|script|iframe)\b|\b(?:send|post|upload|forward|e-?mail|append|"
        r"submit|leak|exfiltrate)\b"
        r"[^.!?\n]{0,60}(?:https?://|ftp://|@\w|webhook)|https?://\S+\?\w+=|document\.cookie|"
        r"\bdrop table\b|os\.system"
    ),
    "decode and obey": (
        r"\b(?:base ?64|rot-?13|morse|backwards|in reverse|decode|decipher|decrypt|"
        r"hex(?:adecimal)?|pig latin|cipher)\b"
    ),
    "hijack": (
        r"\b(?:just|simply|only|instead) (?:say|print|output|repl(?:y|ies)|respond|write|"
        r"answer)\b|\baccess granted\b|\b(?:say|print|output)(?: only| just)?:? [\"'“]|"
        r"\bhijack\w*|\bpwned\b|\bhacked\b"
    ),
    "fiction": (
        r"\b(?:fictional|fiction|hypothetical\w*|story|novel|screenplay|script|scene|character|"
        r"imagine|pretend|scenario|game|simulation|dialogue|persona|writer)\b"
    ),
    "harm": (
        r"\b(?:bombs?|explosives?|weapons?|guns?|poison\w*|toxic|kill\w*|murder\w*|suicide|"
        r"self-harm|meth\w*|cocaine|heroin|drug dealer|"
        r"hack(?:er|ing|ed|s)?|malware|ransomware|virus|phishing|exploits?|steal\w*|theft|"
        r"forge\w*|counterfeit\w*|launder\w*|"
        r"smuggl\w*|traffick\w*|blackmail\w*|extort\w*|stalk\w*|harass\w*|bully\w*|racis\w*|"
        r"sexis\w*|slurs?|hate|hateful|"
        r"stereotypes?|misinformation|disinformation|propaganda|conspiracy|fake news|terror\w*|"
        r"extremis\w*|fraud\w*|scam\w*|"
        r"manipulat\w*|deceiv\w*|illicit|cheat\w*|bribe\w*|torture|violen\w*|sabotage|"
        r"plagiari\w*|pirat\w*|stolen|untraceable|defam\w*|discriminat\w*)\b"
    ),
    "plan words": (
        r"\b(?:plans?|co-?pay\w*|deductibles?|coverage|covered?|covers|insurance|claims?|"
        r"benefits?|referrals?|doctors?|hospital|"
        r"medicare|premiums?|hmo|ppo|hdhp|hsa|fsa|network|prescriptions?|dental|vision|members?|"
        r"enroll\w*|annuit\w*|disability|health)\b"
    ),
    "run together": (
        r"ignoreall|ignoreprevious|previousinstruction|systemprompt|yourinstructions|"
        r"yourprompt|allinstructions|revealyour|disregardall"
    ),
}
"""What to look for in lower case; a feature each, named for the figures."""

_UNMISTAKABLE = re.compile(
    r"<\|[a-z_]+\|>|\[/?inst\]|<</?sys>>"
    r"|!\[[^\]]*\]\(\s*https?://[^)\s]*(?:[?&]\w+=|[{<])"
    r"|\b(?:send|post|upload|forward|submit)\b[^.!?\n]{0,30}"
    r"\b(?:conversation|chat|history|question|answer|record)s?\b[^.!?\n]{0,30}"
    r"(?:https?://|ftp://|webhook)"
    rf"|(?:{CUES['override, other languages']}).{{0,60}}(?:{CUES['reveal, other languages']})"
    rf"|(?:{CUES['override, other languages']}).{{0,20}}\b(?:anterior|precedent|précédent|antérieur"
    r"|vorherig|vorig|bisherig|previ[ao]s?\b|prévi[ao]s?\b)"
    r"|(?:忽略|忘记|无视|無視|忽視).{0,12}(?:指令|指示|规则|規則|提示)|(?:지시|규칙).{0,8}무시"
    r"|(?:指示|命令|ルール).{0,8}(?:無視|忘れ)|تجاهل.{0,20}(?:التعليمات|الأوامر)"
)

_COMPILED = [re.compile(pattern) for pattern in CUES.values()]


def cues(text: str) -> NDArray[np.float32]:
    """Which phrases a plain text holds; float32 (len(CUES),), 0 none, 1 one, 1.5 more than one."""
    lowered = text.lower()
    return np.array([_strength(pattern, lowered) for pattern in _COMPILED], dtype=np.float32)


def gives_orders(text: str) -> bool:
    """Does the text tell a model to drop its instructions? No plan document does."""
    return any(re.search(CUES[cue], text.lower()) for cue in _ORDERS)


_ORDERS = ("override", "override, other languages")


def unmistakable(text: str) -> bool:
    """Does a plain text hold a mark that no question and no plan document has?"""
    return _UNMISTAKABLE.search(text.lower()) is not None


def _strength(pattern: re.Pattern[str], text: str) -> float:
    found = pattern.finditer(text)
    return 0.0 if next(found, None) is None else 1.0 if next(found, None) is None else 1.5
