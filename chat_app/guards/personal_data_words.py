"""Words that tell street addresses and names of persons from everything else."""

_STREET_TYPES = """
street st avenue ave road rd boulevard blvd lane ln drive dr court ct circle cir place pl square
sq terrace ter trail trl parkway pkwy highway hwy alley way loop plaza str crossing ridge broadway
turnpike pike hill hills walk row run
"""
STREET_TYPES = frozenset(_STREET_TYPES.split())
"""The commonest street types of USPS Publication 28, Appendix C1."""

_AMBIGUOUS_STREET_TYPES = """
dr st way place court run walk row drive hill loop pl
"""
AMBIGUOUS_STREET_TYPES = frozenset(_AMBIGUOUS_STREET_TYPES.split())
"""In small letters these count only with a place behind, as in 2 visits per dr."""

_FUNCTION_WORDS = """
a about after all am an and any are as at before but by can do does each every for from get had
has have he i if in is it me my no not of on only or our per she so than that the then they this
to until was we what when which while who will with you your
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that no street is called by."""

_NAME_ENDS = """
and or but on in at is was are not it its it's i i'm i've my his her their our your we he she they
the a an for from with who to of as by has have had do does did can could will would should may
might so if then that this there here what when where why how which please also only just again
now still correct incorrect wrong right missing spelled misspelled incorrectly listed changed
different legal new old same covered visits visit said says think required needed going turning
eligible
"""
NAME_ENDS = frozenset(_NAME_ENDS.split())
"""Words that end a name that is written in small letters, or say that there is none."""

_VOCABULARY = """
medicare medicaid plan plans health insurance life care benefit benefits blue cross shield aetna
cigna humana kaiser permanente united healthcare anthem northwind standard plus gold silver bronze
platinum ppo hmo epo pos hsa fsa hra cobra hipaa aca part advantage medigap supplement department
human resources hr employee employer company inc llc group services service center hospital clinic
disease syndrome disorder test surgery therapy drug vision dental social security university
college insurer policy ira roth annuity state county city street avenue open enrollment summary
coverage office pharmacy team support customer sir madam all everyone american national general
world army mental women men children family january february march april june july august
september october november december monday tuesday wednesday thursday friday saturday sunday
america texas florida washington virginia carolina dakota georgia california york jersey mexico
island cash wage foster gene echo marine yoga emergency room london boston francisco rico liberty
uncle martial veterans welcome guard coast guaranty maintenance hancock fargo lynch mutual
allstate prudential nationwide worth storm appointment appointments bills fees copay copays
"""
VOCABULARY = frozenset(_VOCABULARY.split())
"""Words of plans, companies, places and times: capitalized at times, and nobody's name."""

_NOT_ALONE = """
jan mark grant bill rich frank art faith hope grace joy summer dawn judge loan net dallas denver
austin houston charlotte phoenix orlando heath kit louis diego antonio angeles
"""
NOT_ALONE = frozenset(_NOT_ALONE.split())
"""Given names that mostly are something else where no surname follows."""
