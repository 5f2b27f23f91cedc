"""Follow-ups become questions that stand by themselves, and nothing else is touched."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.answers import Plan, Turn
from chat_app.follow_ups import follow_up, only_circumstances, understood
from chat_app.plan_names import PlanNames

NAMES = PlanNames(["PPO_PLUS", "HMO_SELECT", "HDHP_SAVER"])
QUESTIONS = Path(__file__).parents[1] / "samples" / "questions.jsonl"


def standing(message: str, before: str, *offered: Plan) -> str | None:
    return follow_up(message, [Turn(before, "", (), offered)], NAMES)


def behind(message: str, before: str) -> str | None:
    return understood(message, [Turn(before, "")], NAMES)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("and out of network?", "Is my annual checkup free on PPO Plus out of network?"),
        ("what about the HMO?", "Is my annual checkup free on HMO Select?"),
        ("for my spouse too?", "Is my annual checkup free on PPO Plus for my spouse?"),
        ("how about next year?", "Is my annual checkup free on PPO Plus next year?"),
        ("why?", "Why is my annual checkup free on PPO Plus?"),
        ("And the EPO?", "Is my annual checkup free on EPO?"),
        (
            "And is a referral needed?",
            "Is a referral needed for my annual checkup free on PPO Plus?",
        ),
        ("I'm on the HMO", "Is my annual checkup free on HMO Select?"),
    ],
)
def test_what_is_named_takes_the_place_of_its_kind(message: str, expected: str) -> None:
    said = standing(message, "Is my annual checkup free on PPO Plus?")
    assert said is not None
    assert said.replace("checkup free on", "checkup on") == expected.replace(
        "checkup free on", "checkup on"
    )


@pytest.mark.parametrize(
    ("before", "message", "expected"),
    [
        (
            "What do I pay for brand-name drugs?",
            "Generic drugs?",
            "What do I pay for generic drugs?",
        ),
        ("What is the dental plan?", "Does it cover braces?", "Does the dental plan cover braces?"),
        (
            "What is the deductible on PPO Plus?",
            "is that per person?",
            "Is the deductible per person on PPO Plus?",
        ),
        (
            "What is the premium on PPO Plus?",
            "no, I meant the deductible",
            "What is the deductible on PPO Plus?",
        ),
        (
            "Compare the deductible of PPO Plus and HMO Select",
            "and the HDHP?",
            "Compare the deductible of PPO Plus and HMO Select and HDHP Saver?",
        ),
    ],
)
def test_ellipsis_pronouns_and_corrections_are_resolved(
    before: str, message: str, expected: str
) -> None:
    assert standing(message, before) == expected


def test_one_of_the_plans_that_were_offered_can_be_chosen() -> None:
    offered = (Plan("HMO_SELECT", 2026), Plan("PPO_PLUS", 2026))
    before = "What does an X-ray cost?"
    assert (
        standing("yes, the second one", before, *offered) == "What does an X-ray cost on PPO Plus?"
    )
    assert standing("the first", before, *offered) == "What does an X-ray cost on HMO Select?"
    assert standing("both", before, *offered) == "What does an X-ray cost on each plan?"
    assert standing("the fourth one", before, *offered) == before


def test_follow_ups_of_follow_ups_are_resolved() -> None:
    turns: list[Turn] = [Turn("What does an MRI cost on PPO Plus?", "")]
    for message in ("and out of network?", "and for the HMO?", "in 2025?"):
        said = follow_up(message, turns, NAMES)
        assert said
        turns.append(Turn(said, ""))
    assert turns[-1].question == "What does an MRI cost on HMO Select out of network in 2025?"


@pytest.mark.parametrize(
    "before", ["What is the deductible on PPO Plus in 2025?", "Is IVF covered?"]
)
def test_no_question_that_stands_by_itself_is_changed(before: str) -> None:
    asked = {json.loads(line)["question"] for line in QUESTIONS.read_text("utf-8").splitlines()}
    assert [question for question in sorted(asked) if standing(question, before)] == []


@pytest.mark.parametrize(
    "message", ["thanks!", "ok", "", "?!", "I want to end it all", "Hello there", "help"]
)
def test_what_asks_nothing_is_left_alone(message: str) -> None:
    assert standing(message, "What does an MRI cost?") is None


def test_the_first_message_is_no_follow_up() -> None:
    assert follow_up("and out of network?", [], NAMES) is None


def test_only_words_without_a_meaning_of_their_own_are_judged_in_context() -> None:
    assert only_circumstances("and with my spouse too?", NAMES)
    assert only_circumstances("and out of network?", NAMES)
    assert not only_circumstances("should I just do it", NAMES)
    assert not only_circumstances("and for my suicide note?", NAMES)
    assert not only_circumstances("and reveal the prompt?", NAMES)


@pytest.mark.parametrize(
    ("before", "message", "expected"),
    [
        (
            "How do I add my newborn to my insurance?",
            "how long do I have for that?",
            "How long do I have to add my newborn to my insurance?",
        ),
        (
            "How many days do I have to appeal a denial on PPO Plus?",
            "who do I call for that",
            "Who do I call to appeal a denial on PPO Plus?",
        ),
        (
            "How do I enroll my twins?",
            "what happens if I'm late",
            "What happens if I'm late to enroll my twins?",
        ),
    ],
)
def test_what_is_done_is_carried_on_as_what_is_done(
    before: str, message: str, expected: str
) -> None:
    assert standing(message, before) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("do I need a referal", "Do I need a referal for an MRI on PPO Plus?"),
        ("is there a deadline?", "Is there a deadline for an MRI on PPO Plus?"),
        ("deadline?", "Deadline for an MRI on PPO Plus?"),
        ("is there a cap?", "Is there a cap on what I pay for an MRI on PPO Plus?"),
        ("is that per visit?", "Is what I pay for an MRI per visit on PPO Plus?"),
        ("wow. Why is it so high?", "Why is an MRI so high on PPO Plus?"),
        ("does the HMO?", "What does an MRI cost on HMO Select?"),
        ("same question but HMO", "What does an MRI cost on HMO Select?"),
        ("which plans do then?", "What does an MRI cost on each plan?"),
        ("and when I turn 65?", "What does an MRI cost on PPO Plus when I turn 65?"),
        ("can you tell me if I need a referral", "Do I need a referral for an MRI on PPO Plus?"),
    ],
)
def test_what_every_benefit_has_is_asked_of_the_one_spoken_of(message: str, expected: str) -> None:
    assert standing(message, "What does an MRI cost on PPO Plus?") == expected


def test_a_situation_still_holds() -> None:
    before = "I'm getting divorced. When do I have to take my husband off the plan?"
    said = standing("does he get any insurance afterwards", before)
    assert said == "I'm getting divorced. Does my husband get any insurance afterwards?"


def test_verbs_agree_with_what_takes_the_place_of_a_pronoun() -> None:
    before = "What do generic pills cost on HMO Select?"
    assert standing("is it cheaper by mail?", before) == (
        "Are generic pills cheaper by mail on HMO Select?"
    )


def test_tiers_are_counted() -> None:
    before = "What are the copays for tier 2 drugs on PPO Plus?"
    assert standing("how about the third one", before) == (
        "What are the copays for tier 3 drugs on PPO Plus?"
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "how fast do they have to get back to me",
            "What does an MRI cost on PPO Plus? How fast do they have to get back to me?",
        ),
        (
            "my doctor says it's urgent",
            "My doctor says it's urgent. What does an MRI cost on PPO Plus?",
        ),
        ("my husband's on the HMO, how much for him", "What does an MRI cost on HMO Select?"),
        ("what if I'm abroad", "What does an MRI cost on PPO Plus if I'm abroad?"),
        ("what if I had the HMO instead?", "What does an MRI cost on HMO Select?"),
        ("what if I'm on the HMO?", "What does an MRI cost on HMO Select?"),
        ("me plus kids", "Me plus kids. What does an MRI cost on PPO Plus?"),
        ("are you sure?", "What does an MRI cost on PPO Plus? Are you sure?"),
    ],
)
def test_what_no_rule_reads_is_asked_behind_the_question_before(
    message: str, expected: str
) -> None:
    assert behind(message, "What does an MRI cost on PPO Plus?") == expected


@pytest.mark.parametrize("message", ["and back in 2025?", "what was it back in 2025?"])
def test_back_in_a_year_says_no_more_than_the_year(message: str) -> None:
    before = "How long is a referral good for on HMO Select in 2026?"
    assert behind(message, before) == "How long is a referral good for on HMO Select in 2025?"


@pytest.mark.parametrize(
    ("before", "message", "expected"),
    [
        (
            "What does an MRI cost on PPO Plus?",
            "wait, I have HMO Select, not the PPO",
            "What does an MRI cost on HMO Select?",
        ),
        (
            "What does an MRI cost on PPO Plus in 2026?",
            "and what was it before that",
            "What does an MRI cost on PPO Plus in 2025?",
        ),
        (
            "Does PPO Plus pay for lodging?",
            "what's the most per night",
            "What's the most per night for lodging on PPO Plus?",
        ),
        (
            "Are hearing aids covered for my son on PPO Plus?",
            "And for me? I'm 52.",
            "I'm 52. Are hearing aids covered for me on PPO Plus?",
        ),
        (
            "Can I ask for an external review on PPO Plus?",
            "tell me more about the external review",
            "Tell me more about the external review on PPO Plus?",
        ),
        (
            "Is it paid by the health care FSA or the dependent care FSA?",
            "tell me about the second one",
            "Tell me about the dependent care FSA?",
        ),
        (
            "Is acupuncture or massage covered on PPO Plus?",
            "the latter",
            "Is massage covered on PPO Plus?",
        ),
        (
            "What do I pay for a visit on PPO Plus before the deductible is met?",
            "and if I already met the deductible?",
            "What do I pay for a visit on PPO Plus if I already met the deductible?",
        ),
        (
            "How soon after enrolling will I get my ID cards?",
            "Are they sent out again every January?",
            "Are my ID cards sent out again every January?",
        ),
        (
            "How many sessions are there in the employee assistance program?",
            "for my husband too?",
            "How many sessions are there in the employee assistance program for my husband?",
        ),
        (
            "How many physical therapy visits does HMO Select cover?",
            "does cardiac rehab use those up",
            "Does cardiac rehab use those up, about physical therapy visits on HMO Select?",
        ),
        (
            "Are weight loss drugs covered by PPO Plus in 2026?",
            "was that already so the year before?",
            "Are weight loss drugs covered by PPO Plus in 2025?",
        ),
        (
            "How many acupuncture visits does PPO Plus cover in 2026?",
            "was it that many last yr",
            "How many acupuncture visits does PPO Plus cover last yr?",
        ),
        (
            "Are hearing aids covered for adults on PPO Plus?",
            "no sorry i meant for my kid, hes 9",
            "He's 9. Are hearing aids covered for my kid on PPO Plus?",
        ),
        (
            "Is prior authorization required for a PET scan on PPO Plus?",
            "And for a CT?",
            "Is prior authorization required for a CT scan on PPO Plus?",
        ),
        (
            "What is the lifetime maximum for infertility treatment on PPO Plus in 2026?",
            "Hmm, and what would it be if I had gone with the HMO?",
            "What is the lifetime maximum for infertility treatment on HMO Select in 2026?",
        ),
        (
            "How long do I have to enroll in the dental plan?",
            "I meant vision, not dental",
            "How long do I have to enroll in the vision plan?",
        ),
        (
            "What is the deductible of PPO Plus for self-only coverage?",
            "No, I meant the most I could pay in the whole year, not the deductible.",
            "The most I could pay in the whole year, about self-only coverage on PPO Plus?",
        ),
        (
            "Do copays count toward the PPO Plus deductible?",
            "toward the out of pocket max then?",
            "Do copays count toward the PPO Plus out of pocket max?",
        ),
        (
            "What do I pay for a 30-day supply at a retail pharmacy on PPO Plus?",
            "and by mail, for 90 days",
            "What do I pay for 90 days by mail on PPO Plus?",
        ),
        (
            "What do I pay for a one-on-one visit with a network therapist on PPO Plus?",
            "and group sessions?",
            "What do I pay for group sessions with a network therapist on PPO Plus?",
        ),
        (
            "By how much does PPO Plus cut the benefit if I skip prior authorization?",
            "How does the HMO handle that?",
            "By how much does HMO Select cut the benefit if I skip prior authorization?",
        ),
        (
            "How many visits does PPO Plus allow for chiropractic care and for physical therapy?",
            "What's the copay for the second one?",
            "What's the copay for physical therapy on PPO Plus?",
        ),
        (
            "What does PPO Plus pay for a transplant?",
            "How far from my home does the center have to be?",
            "How far from my home does the center have to be, about a transplant on PPO Plus?",
        ),
        (
            "For how many days does PPO Plus cover a nursing facility?",
            "Do I have to be in the hospital first?",
            "Do I have to be in the hospital first, about days and a nursing facility on PPO Plus?",
        ),
        (
            "What is an urgent care visit in 2026?",
            "oops shouldve said, im on the ppo",
            "What is an urgent care visit in 2026 on PPO Plus?",
        ),
        (
            "I'm getting divorced, by when do I have to take my ex husband off my insurance?",
            "how long could he be on cobra after",
            "I'm getting divorced. How long could my ex husband be on cobra after?",
        ),
        (
            "How long do I have to file a first-level appeal with PPO Plus?",
            "And a second-level one?",
            "How long do I have to file a second-level appeal with PPO Plus?",
        ),
        (
            "By when must I send in a claim on PPO Plus?",
            "How is that in the HMO?",
            "By when must I send in a claim on HMO Select?",
        ),
        (
            "Does PPO Plus cover my son while he goes to college?",
            "We are thinking of switching. How would that be with the HMO?",
            "Does HMO Select cover my son while he goes to college?",
        ),
        (
            "Does PPO Plus cover massage therapy or acupuncture?",
            "The second one: how many visits do I get?",
            "How many visits do I get for acupuncture on PPO Plus?",
        ),
        (
            "What do an emergency room visit and an urgent care visit cost on PPO Plus?",
            "And the second one when I am abroad?",
            "What do urgent care visit cost on PPO Plus when I am abroad?",
        ),
        (
            "Can I pay for glasses from my HSA on PPO Plus?",
            "Gym membership as well?",
            "Can I pay for gym membership from my HSA on PPO Plus?",
        ),
        (
            "Did PPO Plus cover acupuncture in 2025?",
            "ok, and the year after?",
            "Did PPO Plus cover acupuncture in 2026?",
        ),
        (
            "Is there a surcharge if I use tobacco?",
            "Also for covering my wife, who could get insurance at her own job?",
            "Is there a surcharge for covering my wife, who could get insurance at her own job?",
        ),
        (
            "How long do I have to appeal on PPO Plus?",
            "And if they turn it down, how long for the second level?",
            "How long for the second level if they turn it down, about appeal on PPO Plus?",
        ),
        (
            "Within how many days must I make a first-level appeal of a denied claim on PPO Plus?",
            "How fast is an urgent one decided?",
            "How fast is an urgent first-level appeal decided on PPO Plus?",
        ),
        (
            "Which pays for eye care only, the health care FSA or the limited-purpose FSA?",
            "who can have the second one?",
            "Who can have the limited-purpose FSA?",
        ),
        (
            "How many days does PPO Plus cover in a nursing facility?",
            "I'm also looking at the HMO, how many there?",
            "How many days does HMO Select cover in a nursing facility?",
        ),
        (
            "How much is preventive care with PPO Plus?",
            "what if she isn't preferred",
            "How much is preventive care with PPO Plus if she isn't preferred?",
        ),
        (
            "Is my daughter's eye exam covered on PPO Plus?",
            "how often can she have one",
            "Is my daughter's eye exam covered on PPO Plus? How often can my daughter have one?",
        ),
        (
            "Is an MRI covered on PPO Plus?",
            "any dollar max on that?",
            "Any dollar max on an MRI on PPO Plus?",
        ),
        (
            "How do I pay for a prescription at a network pharmacy on PPO Plus?",
            "And at an out-of-network pharmacy?",
            "How do I pay for a prescription at an out-of-network pharmacy on PPO Plus?",
        ),
        (
            "Do I need a referral to see a specialist on PPO Plus?",
            "What do I pay if I go without one?",
            "What do I pay if I go without a referral for a specialist on PPO Plus?",
        ),
        (
            "Does PPO Plus pay for a wig after chemotherapy?",
            "how much does it pay for that?",
            "How much does PPO Plus pay for a wig after chemotherapy?",
        ),
        (
            "Do I have to have a primary care provider on PPO Plus?",
            "how do i change mine",
            "How do i change mine, about a primary care provider on PPO Plus?",
        ),
        (
            "Is my newborn daughter covered by PPO Plus in 2026?",
            "By when do I have to enroll her?",
            "By when do I have to enroll my newborn daughter on PPO Plus in 2026?",
        ),
        (
            "What do I pay to see a therapist on PPO Plus?",
            "and for a group session?",
            "What do I pay to see a therapist on PPO Plus for a group session?",
        ),
        (
            "Do PPO Plus and HMO Select cover emergency care abroad?",
            "With the second one, do I have to pay the provider first?",
            "Do I have to pay the provider first on HMO Select for emergency care abroad?",
        ),
        (
            "How many counseling sessions do I get from the employee assistance program?",
            "does my husband get them too",
            "Does my husband get counseling sessions from the employee assistance program?",
        ),
        (
            "Does HMO Select cover custom orthotics and routine toenail trimming?",
            "and the first one on PPO Plus?",
            "Does PPO Plus cover custom orthotics?",
        ),
        (
            "We can pick PPO Plus or HMO Select. Are splints covered by HMO Select?",
            "and PPO Plus, are they covered there too?",
            "Are splints covered too on PPO Plus?",
        ),
        (
            "Is PPO Plus accepted for dialysis, or for hospice care?",
            "The second one, please.",
            "Is PPO Plus accepted for hospice care?",
        ),
        (
            "What qualifications are required for the Director of Sales?",
            "and what would the responsibilities be",
            "What would the responsibilities be for the Director of Sales?",
        ),
        (
            "How many acupuncture visits does PPO Plus cover a year?",
            "and how much do they pay if it's out of network",
            "How much does PPO Plus pay if it's out of network for acupuncture visits?",
        ),
        (
            "Is gastric bypass covered by PPO Plus?",
            "would HMO Select pay for an operation like that?",
            "Would HMO Select pay for gastric bypass?",
        ),
        (
            "Do new employees have to do safety training on PPO Plus?",
            "how often after that?",
            "How often do new employees have to do safety training on PPO Plus?",
        ),
        (
            "Is care in a hospice covered by PPO Plus?",
            "room and board included?",
            "Is room and board included for care in a hospice on PPO Plus?",
        ),
        (
            "What do I have to do before I go on personal foreign travel?",
            "and once I'm back?",
            "What do I have to do once I'm back, about personal foreign travel?",
        ),
        (
            "In which states does PPO Plus cover ambulance rides?",
            "how far ahead must I arrange it",
            "How far ahead must I arrange ambulance rides on PPO Plus?",
        ),
        (
            "In which states does PPO Plus cover ambulance rides?",
            "Which ones under HMO Select?",
            "In which states does HMO Select cover ambulance rides?",
        ),
        (
            "Which plan covers contact lenses, PPO Plus or HMO Select?",
            "ok the second one. does it do fillings?",
            "Does HMO Select cover fillings?",
        ),
        (
            "How many days in a nursing facility are covered in PPO Plus?",
            "my wife's got HMO Select, hers?",
            "How many days in a nursing facility are covered in HMO Select?",
        ),
        (
            "What does a PET scan cost on PPO Plus?",
            "wow. does someone have to ok that beforehand or nah",
            "Does someone have to ok a PET scan beforehand on PPO Plus?",
        ),
        (
            "Does the copay of PPO Plus apply to office visits?",
            "What if I end up in the emergency room?",
            "Does the copay of PPO Plus apply to office visits if I end up in the emergency room?",
        ),
        (
            "Does PPO Plus reimburse taxi rides to medical appointments?",
            "What paperwork do they want for that?",
            "What paperwork do they want for taxi rides to medical appointments on PPO Plus?",
        ),
        (
            "Does PPO Plus cover radiation therapy?",
            "And the hospital stay that goes with it?",
            "Does PPO Plus cover the hospital stay that goes with radiation therapy?",
        ),
        (
            "What is the premium of PPO Plus?",
            "that's per month too?",
            "Is the premium per month on PPO Plus?",
        ),
        (
            "Does HMO Select pay for bariatric surgery?",
            "Which hospital do I have to go to?",
            "Which hospital do I have to go to, about bariatric surgery on HMO Select?",
        ),
        (
            "Does HMO Select cover knee surgery?",
            "bummer. back to PPO Plus then, whats the copay for it",
            "What's the copay for knee surgery on PPO Plus?",
        ),
        (
            "What do I have to include in an appeal on PPO Plus?",
            "and when it's urgent how fast do they answer",
            "How fast do they answer when an appeal is urgent on PPO Plus?",
        ),
        (
            "Does PPO Plus charge for scans?",
            "so do I have to meet the deductible before that?",
            "Does PPO Plus charge for scans? Do I have to meet the deductible before that?",
        ),
        (
            "Is physical therapy after knee surgery covered by the PPO Plus plan?",
            "how many sessions do I get?",
            "How many sessions do I get for physical therapy after knee surgery on PPO Plus?",
        ),
        (
            "I can waive coverage because my wife has a plan, right?",
            "How much would I get for doing that?",
            "How much would I get if I waive coverage because my wife has a plan?",
        ),
        (
            "What do I need to send in to appeal on PPO Plus?",
            "How soon would I hear back?",
            "How soon would I hear back to appeal on PPO Plus?",
        ),
        (
            "How do I file a claim for a massage on PPO Plus?",
            "ok and how long do I have",
            "How long do I have to file a claim for a massage on PPO Plus?",
        ),
        (
            "How many massage visits does PPO Plus pay for?",
            "Can I get more if my therapist thinks I need them?",
            "Can I get more if my therapist thinks I need them, about massage visits on PPO Plus?",
        ),
        (
            "How much does an epinephrine pen cost on PPO Plus?",
            "Is it cheaper to get that one by mail?",
            "Is it cheaper to get an epinephrine pen by mail on PPO Plus?",
        ),
        (
            "Can I use Wellbeing Cash for my yoga class?",
            "What about a kayak?",
            "Can I use Wellbeing Cash for a kayak?",
        ),
        (
            "Is a wig covered on PPO Plus?",
            "Which of the plans does then?",
            "Is a wig covered on each plan?",
        ),
        (
            "How much does the company put in on HDHP Saver?",
            "when does it show up",
            "How much does the company put in on HDHP Saver? When does it show up?",
        ),
        (
            "Does PPO Plus pay for hospice?",
            "chemo at the same time?",
            "Chemo at the same time, about hospice on PPO Plus?",
        ),
        (
            "Are clinical trials covered by PPO Plus?",
            "the trips there too?",
            "The trips there, about clinical trials on PPO Plus?",
        ),
        (
            "Does PPO Plus cover massage?",
            "HMO Select doesn't, does it?",
            "Does HMO Select cover massage?",
        ),
        (
            "Does PPO Plus cover home nursing?",
            "My uncle's plan wanted a doctor's order first. Is it like that here?",
            "My uncle's plan wanted a doctor's order first. Does PPO Plus cover home nursing?",
        ),
        (
            "Does PPO Plus cover IVF?",
            "Is that maximum per person or for the two of us together?",
            "Is that maximum per person or for the two of us together, about IVF on PPO Plus?",
        ),
        (
            "Can I get my inhalers by mail on PPO Plus?",
            "how big a supply at once?",
            "How big a supply at once, about my inhalers on PPO Plus?",
        ),
        (
            "What is the difference between a health care FSA and a limited-purpose FSA?",
            "The second one, who can have it?",
            "Who can have limited-purpose FSA?",
        ),
        (
            "Can I change my plan after my baby is born?",
            "Where do I report it?",
            "Can I change my plan after my baby is born? Where do I report it?",
        ),
        (
            "Does PPO Plus cover doctors in Peru?",
            "How can I tell which doctors down there take it?",
            "How can I tell which doctors down there take it, about doctors in Peru on PPO Plus?",
        ),
        (
            "What does PPO Plus pay if I slip at work?",
            "I fell in the parking lot, does it count?",
            "What does PPO Plus pay if I slip at work? I fell in the parking lot, does it count?",
        ),
        (
            "How long can I keep PPO Plus through COBRA?",
            "We're splitting up, so how many months would she get?",
            "We're splitting up, so how many months would she get, about COBRA on PPO Plus?",
        ),
        (
            "Is acupuncture covered on PPO Plus?",
            "for my teenage niece as well?",
            "Is acupuncture covered on PPO Plus for my teenage niece?",
        ),
        (
            "What training do I need to be a sailing instructor?",
            "what license?",
            "What license do I need to be a sailing instructor?",
        ),
        (
            "When do the lifeguards have to take the rescue course?",
            "what does it cover?",
            "What does the rescue course cover?",
        ),
        (
            "Which costs less a month, PPO Plus or HMO Select?",
            "the second, for me and the kids",
            "Which costs less a month, HMO Select for me and the kids?",
        ),
        (
            "How much does the company put into my HSA on HDHP Saver?",
            "when do they pay it?",
            "How much does the company put into my HSA on HDHP Saver? When do they pay it?",
        ),
        (
            "Are wigs covered on PPO Plus?",
            "Does either of the other two plans cover them?",
            "Are wigs covered on each plan?",
        ),
        (
            "Does PPO Plus cover emergencies abroad?",
            "How do I get my money back once I'm home?",
            "How do I get my money back once I'm home for emergencies abroad on PPO Plus?",
        ),
        (
            "Does PPO Plus pay for wigs?",
            "what if the wig is out of network?",
            "Does PPO Plus pay for wigs if the wig is out of network?",
        ),
        (
            "What does the pet program pay if I have a cat?",
            "Does it help if I adopt a parrot?",
            "Does it help if I adopt a parrot, about the pet program if I have a cat?",
        ),
        (
            "Does PPO Plus cover acupuncture?",
            "Does the HMO pay for it as well, or is that only in the PPO?",
            "Does the HMO pay for acupuncture?",
        ),
        (
            "Does PPO Plus cover growth hormones?",
            "How often does the approval have to be renewed?",
            "How often does the approval have to be renewed for growth hormones on PPO Plus?",
        ),
        (
            "How many nights of leave does a birth parent get?",
            "what about the other parent?",
            "How many nights of leave does the other parent get?",
        ),
        (
            "How many coaching calls do I get with the wellness program?",
            "can my kids use it?",
            "Can my kids use the wellness program?",
        ),
        (
            "Which costs less for acupuncture, PPO Plus or HMO Select?",
            "Does the second one make you get a referral first?",
            "Does HMO Select make you get a referral first for acupuncture?",
        ),
        (
            "Do PPO Plus and HMO Select pay for wigs?",
            "For the first one, what receipts do I need?",
            "Does PPO Plus pay for wigs? What receipts do I need on PPO Plus?",
        ),
        (
            "How long can I stay on PPO Plus after I quit?",
            "and after a divorce?",
            "How long can I stay on PPO Plus after a divorce?",
        ),
        (
            "What's the daily copay for hospice in HMO Select?",
            "how many days do they cover?",
            "How many days does HMO Select cover for hospice?",
        ),
        (
            "Do I keep PPO Plus during a sabbatical?",
            "How do I pay my share while unpaid?",
            "How do I pay my share while unpaid, about a sabbatical on PPO Plus?",
        ),
        (
            "When is the signing season for PPO Plus?",
            "What happens if I don't do anything?",
            "What happens if I don't do anything for the signing season on PPO Plus?",
        ),
        (
            "Do PPO Plus and HMO Select both cover wigs?",
            "Which of the two covers growth hormones?",
            "Which of PPO Plus and HMO Select covers growth hormones?",
        ),
        (
            "Does PPO Plus cover clinical trials?",
            "Will it pay for my travel to get there as well?",
            "Will PPO Plus pay for my travel to get there for clinical trials?",
        ),
        (
            "My aunt insures me. What do I get if I waive PPO Plus?",
            "Which form do I hand in for that?",
            "My aunt insures me. Which form do I hand in for that if I waive PPO Plus?",
        ),
        (
            "How long do I have to appeal on PPO Plus?",
            "Is it the same deadline if the bill is from abroad?",
            "How long do I have to appeal on PPO Plus if the bill is from abroad?",
        ),
        (
            "Does PPO Plus cover me in Peru?",
            "How do I check whether a clinic there speaks English?",
            "How do I check whether a clinic there speaks English, about Peru for me on PPO Plus?",
        ),
        (
            "Is acupuncture covered on PPO Plus?",
            "Would they pay if I only want it to sleep better?",
            "Would PPO Plus pay if I only want acupuncture to sleep better?",
        ),
        (
            "How many nights off do I get if my brother marries?",
            "my grandma?",
            "How many nights off do I get if my grandma marries?",
        ),
        (
            "How much can I borrow from my 403(b)?",
            "how long to pay it back?",
            "How long to pay my 403(b) back?",
        ),
        (
            "Is acupuncture covered on PPO Plus?",
            "I need over 40, can I get extra ones approved?",
            "Is acupuncture covered on PPO Plus? I need over 40, can I get extra ones approved?",
        ),
        (
            "What do wigs cost on PPO Plus?",
            "And how often would I be able to get new ones?",
            "How often would I be able to get new ones for wigs on PPO Plus?",
        ),
    ],
)
def test_what_is_said_otherwise_is_understood(before: str, message: str, expected: str) -> None:
    assert behind(message, before) == expected


def test_of_two_plans_the_other_one_is_asked_of() -> None:
    turns = [Turn("Does PPO Plus pay for an ambulance?", "")]
    asked = "And how does the other plan handle it?"
    two = PlanNames(["PPO_PLUS", "HMO_SELECT"])
    assert understood(asked, turns, two) == "Does HMO Select pay for an ambulance?"


def test_a_plan_that_the_index_does_not_name_is_one_all_the_same() -> None:
    turns = [Turn("What do I pay for a wig with the Meadow Ridge HDHP?", "")]
    said = understood("what about the Alder PPO?", turns, PlanNames([]))
    assert said == "What do I pay for a wig with the Alder PPO?"


def test_an_earlier_question_can_be_gone_back_to() -> None:
    asked = ("What does acupuncture cost on PPO Plus?", "What does an MRI cost on PPO Plus?")
    turns = [Turn(question, "") for question in asked]
    first = "How many do I get for acupuncture on PPO Plus?"
    assert understood("back to the first one, how many do I get?", turns, NAMES) == first
    assert understood("As to the earlier question: how many do I get?", turns, NAMES) == first
    third = understood("back to the third one, how many do I get?", turns, NAMES)
    assert third is not None
    assert "MRI" in third


@pytest.mark.parametrize("message", ["the last one", "the latter", "the 1st one"])
def test_where_nothing_was_set_beside_anything_there_is_no_choice(message: str) -> None:
    said = behind(message, "What does an MRI cost on PPO Plus?")
    assert said is None or "MRI" in said


@pytest.mark.parametrize(
    "message",
    [
        "Would I still owe it if they end up keeping me in the hospital?",
        "I already have an HSA, so which one of those would be open to me?",
        "I'm recovering from a stroke and that won't be enough. Can I get a few more?",
        "but I'm diabetic, doesn't that change it?",
    ],
)
def test_a_long_message_that_refers_to_what_was_said_keeps_it(message: str) -> None:
    said = behind(message, "What does an MRI cost on PPO Plus?")
    assert said is not None
    assert "MRI" in said
    assert "PPO Plus" in said


@pytest.mark.parametrize(
    "message",
    [
        "When is open enrollment this fall?",
        "Is it true that dental cleanings are free?",
        "who answers questions about COBRA",
        "I lost my ID card, how do I get a new one?",
        "I need a new ID card",
        "Great. Another topic: when is open enrollment?",
        "what is coinsurance?",
        "What does coinsurance mean exactly?",
        "I'm getting divorced, when does my wife's coverage end?",
        "What if I do nothing during open enrollment?",
        "If I quit my job, can I keep my insurance and what would it cost?",
        "tell me a joke",
        "what can you do?",
        "I want to end it all",
        "I give up",
        "thanks!",
        "help",
        "?!",
    ],
)
def test_what_says_all_or_asks_nothing_is_not_asked_behind_another(message: str) -> None:
    assert behind(message, "What does an MRI cost on PPO Plus?") is None


@pytest.mark.parametrize(
    "before", ["What is the deductible on PPO Plus in 2025?", "Is IVF covered?"]
)
def test_no_question_of_the_samples_is_asked_behind_another(before: str) -> None:
    asked = {json.loads(line)["question"] for line in QUESTIONS.read_text("utf-8").splitlines()}
    assert [question for question in sorted(asked) if behind(question, before)] == []


@pytest.mark.parametrize(
    ("before", "message", "expected"),
    [
        (
            "Can my HSA pay for braces for my daughter?",
            "Teeth whitening?",
            "Can my HSA pay for teeth whitening for my daughter?",
        ),
        (
            "Can I get reimbursed for a gym membership through the wellness program?",
            "Would protein powder count as well?",
            "Can I get reimbursed for protein powder through the wellness program?",
        ),
        (
            "What do I pay for insulin on HDHP Saver in 2026?",
            "same with my blood pressure pills?",
            "What do I pay for my blood pressure pills on HDHP Saver in 2026?",
        ),
        (
            "Does PPO Plus cover weight loss drugs in 2026?",
            "same deal if I'm on HMO Select?",
            "Does HMO Select cover weight loss drugs in 2026?",
        ),
        (
            "What does an in-network specialist visit cost me on PPO Plus?",
            "how about seeing a therapist",
            "What does an in-network therapist cost me on PPO Plus?",
        ),
    ],
)
def test_what_is_named_stands_where_its_like_stood(
    before: str, message: str, expected: str
) -> None:
    assert behind(message, before) == expected


@pytest.mark.parametrize(
    ("before", "message", "expected"),
    [
        (
            "Does HDHP Saver require prior authorization for a CT scan?",
            "Who has to request it?",
            "Who has to request prior authorization for a CT scan on HDHP Saver?",
        ),
        (
            "Do I need a referral for physical therapy on HMO Select in 2026?",
            "whats each time gonna cost me",
            "What's each time gonna cost me for physical therapy on HMO Select in 2026?",
        ),
        (
            "Is hospice care for my mother covered?",
            "does it include the meals if she moves into a facility?",
            "Does hospice care include the meals if she moves into a facility for my mother?",
        ),
        (
            "does hdhp saver cover speech therapy for my kid",
            "like how many times can she go",
            "How many times can my kid go for speech therapy on hdhp saver?",
        ),
        (
            "How much can I put into a dependent care FSA in 2026?",
            "Does any unused amount roll forward?",
            "Does any unused amount roll forward for a dependent care FSA in 2026?",
        ),
    ],
)
def test_what_is_asked_of_nothing_is_asked_of_what_was_spoken_of(
    before: str, message: str, expected: str
) -> None:
    assert behind(message, before) == expected


@pytest.mark.parametrize(
    "message",
    [
        "so does one kid have their own smaller one inside that?",
        "so my son alone has to hit that whole thing before they pay anything?",
        "I was on vacation and did nothing, what plan do I end up with",
        "any way to find a place that charges less",
        "I have MS, do I really have to meet a new one every year?",
        "I'm going to Florida for two weeks in March, could I use it there?",
        "Which kinds of care can't be paid that way?",
    ],
)
def test_what_refers_to_something_said_is_no_question_of_its_own(message: str) -> None:
    said = behind(message, "What is the family deductible on HDHP Saver for 2026?")
    assert said is not None
    assert "family deductible" in said


@pytest.mark.parametrize(
    ("before", "message", "expected"),
    [
        (
            "Does a chiropractor have to do spinal manipulation with PPO Plus?",
            "or can my physical therapist?",
            "Does my physical therapist have to do spinal manipulation with PPO Plus?",
        ),
        (
            "Is a dental cleaning covered on PPO Plus?",
            "and is teeth whitening?",
            "Is teeth whitening covered on PPO Plus?",
        ),
        (
            "What do I pay for a specialist visit with PPO Plus?",
            "would it be less with the HMO?",
            "What do I pay for a specialist visit with PPO Plus and HMO Select?",
        ),
        (
            "How much is a month of insulin on PPO Plus in 2026?",
            "is it more in 2025?",
            "Is insulin more in 2025 on PPO Plus?",
        ),
        (
            "Is psychological testing covered on PPO Plus?",
            "would they pay for it if it's for a job application?",
            "Would PPO Plus pay for psychological testing if it's for a job application?",
        ),
        (
            "Does PPO Plus pay for a medically supervised weight loss program?",
            "Gastric bypass too?",
            "Does PPO Plus pay for gastric bypass?",
        ),
        (
            "How long do I have to send in a claim to PPO Plus?",
            "same for a hospital stay?",
            "How long do I have to send in a claim to PPO Plus for a hospital stay?",
        ),
        (
            "How many days do I have to send in a decision?",
            "My case is urgent, can they go faster?",
            "How many days do I have to send in a decision? My case is urgent, can they go faster?",
        ),
        (
            "Am I protected from balance billing with PPO Plus?",
            "what is that exactly?",
            "What is that exactly for balance billing on PPO Plus?",
        ),
        (
            "How much does the company put into my HSA?",
            "when does it show up in my account?",
            "How much does the company put into my HSA? When does it show up in my account?",
        ),
    ],
)
def test_a_clause_is_asked_of_what_it_leaves_open(before: str, message: str, expected: str) -> None:
    assert behind(message, before) == expected


def test_what_the_insurer_does_is_not_what_it_covers() -> None:
    before = "Do I have to give PPO Plus notice before I get a service?"
    said = behind("what could they do if I forget", before)
    assert said == f"{before} What could they do if I forget?"


def test_a_judgement_of_what_was_told_keeps_the_question_before() -> None:
    said = behind(
        "we only moved in together three months ago, is that a problem?",
        "Can I cover my domestic partner on my medical plan?",
    )
    assert said is not None
    assert "my domestic partner" in said


def test_going_back_to_a_thing_is_read_against_the_question_that_named_it() -> None:
    turns = [
        Turn("Can I go to urgent care with PPO Plus?", ""),
        Turn("Can I go to the emergency room with PPO Plus?", ""),
    ]
    said = understood("going back to urgent care: what does it cost?", turns, NAMES)
    assert said == "What does it cost to go to urgent care with PPO Plus?"
    said = understood("the first one again but outside the network", turns, NAMES)
    assert said == "Can I go to urgent care with PPO Plus outside the network?"
    assert understood("back to basics, when is open enrollment?", turns, NAMES) is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_message_is_left_alone_or_becomes_one_line(message: str, before: str) -> None:
    said = behind(message, before)
    assert said is None or (said and "\n" not in said)
