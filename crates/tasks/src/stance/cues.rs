//! Words by which a sentence denies, doubts, or says in which direction something went.

use std::ops::Range;
use std::sync::LazyLock;

use documents::Stance;
use regex::Regex;

use crate::reading::pattern;

/// What is said of other things than results: who could take part, what was not measured, what was so before.
static NO_RESULT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)
        \b(?: could\s+not\s+(?:take\s+part|participate|be\s+(?:randomi[sz]ed|included|enrol+ed|recruited|studied|measured|assessed|obtained))
            | (?:were|was)\s+(?:not\s+)?(?:eligible|ineligible|recruited|enrol+ed)
            | (?:were|was)\s+(?:therefore\s+)?(?:excluded|ineligible)
            | (?:were|was|been)\s+not\s+(?:included|studied|measured|assessed|determined|recorded|examined|tested|investigated|evaluated|available
                |reported|looked\s+for|collected|counted|given|on\s+our\s+list|part\s+of|an?\s+(?:outcome|endpoint|end\s+point))
            | did\s+not\s+(?:measure|assess|record|study|examine|investigate|collect|include|look\s+for)
            | not\s+(?:eligible|included|on\s+our\s+list) | exclusion\s+criteri(?:a|on) | excluding\s+(?:patients|people|those)
            | (?:reported|described|published)\s+elsewhere | beyond\s+the\s+scope | for\s+fear\s+of | to\s+be\s+an?\s+(?:outcome|end\s?point)
            | (?:with|had|have|has|without)\s+(?:an?\s+)?(?:previous|prior|earlier|known)?\s*(?:history\s+of)
            | who\s+had\s+had | will\s+have\s+to | further\s+(?:studies|research|trials)\s+(?:are|is|will)
            | (?:we|this\s+(?:study|trial))\s+(?:asked|aimed|sought|set\s+out|planned)
            | (?:aim|aims|objective|objectives|purpose|goal)\s+(?:of|was|were|is)
            | to\s+(?:determine|assess|evaluate|investigate|examine|find\s+out|test|study|learn)\s+(?:whether|if|the\s+(?:effect|effects|role|risk)) )\b",
    )
});

/// What was so before anything was done.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: (?:at|on)\s+(?:the\s+)?(?:start|baseline|admission|entry|inclusion|enrol+ment|presentation|outset)
            | (?:since|before)\s+(?:admission|enrol+ment|randomi[sz]ation|(?:the\s+)?(?:treatment|therapy|trial|study)\b)
            | baseline )\b",
    )
});

/// Others than those who got what the question is about.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:in|of|on|among|from|received|took|given|with)\s+(?:the\s+|a\s+)?(?:placebo|control(?:s|\s+group)?|untreated|unexposed)\b",
    )
});

static ANIMALS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:mice|mouse|rats?|rabbits?|dogs?|pigs?|monkeys?|zebrafish|xenografts?|hamsters?|in vitro|cell lines?|cultured cells)\b",
    )
});

/// Where one statement of a sentence ends and another one begins.
static BORDERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi) [;:()] | ,?\s*\b(?:although|though|but|however|whereas|while|despite|yet)\b
            | ,\s*(?:and|which|who|whom|in\s+whom|in\s+which|so\s+that)\b | \b(?:who|whom|which)\b",
    )
});
static TURNS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^,?\s*(?:although|though|whereas|while|despite)\b"));

/// What is taken out of a denial.
static EXCEPTIONS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:apart from|except(?: for)?|other than|aside from|besides|with the exception of|save for)\b",
    )
});

/// Denies what comes after it.
static DENIES_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: no(?:\s+one)? | none | nobody | without | lack(?:s|ed|ing)?(?:\s+of)? | absence\s+of | free\s+(?:of|from) | neither | nor
            | negative\s+for | ruled\s+out | instead\s+of | rather\s+than )\b",
    )
});
/// Denies all of its statement.
static DENIES_ALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: not(?:\s+(?:only|until|all|just)\b(?<only>))? | cannot | [a-z]+n['’]t | never
            | fail(?:s|ed|ure)?\s+to | unable\s+to | unaffected | unchanged | unrelated | unaltered | absent | ineffective
            | (?:non-?|in)significant | no\s+longer\s+significant
            | no\s+(?:\w+\s+){0,2}(?:difference|differences|effect|effects|association|change|changes|influence|impact|benefit|evidence
                |relation|relationship|correlation|increase|decrease|reduction|improvement|rise|fall|interaction|excess)
            | (?:similar|comparable|equal|identical|alike) | the\s+same(?:\s+as)? | did\s+not\s+differ | in\s+vain | excluded | disproved )\b",
    )
});

/// Says that it cannot be said.
static OPEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: too\s+(?:few|small|short|little|rare|imprecise)(?:\s+and\s+too\s+\w+)?\s+(?:\w+\s+){0,4}?(?:to|for)
            | (?:cannot|could\s+not|can\s+not|can['’]t|may\s+not)\s+be\s+(?:excluded|ruled\s+out|determined|established|told|decided|concluded|judged|answered|attributed)
            | no\s+(?:\w+\s+)?(?:conclusions?|statement|inference|judgement|judgment|verdict) | (?:any|firm|definite)\s+conclusions?
            | (?:remain(?:s|ed)?|is|are|was|were|seem(?:s|ed)?)\s+(?:\w+\s+)?(?:unclear|unknown|uncertain|inconclusive|controversial|open|undecided|unresolved|doubtful|equivocal)
            | inconclusive | conflicting | contradictory | inconsistent | did\s+not\s+agree | mixed\s+(?:results|findings)
            | underpowered | lack(?:s|ed)?\s+(?:of\s+)?(?:statistical\s+)?power | (?:not|un)able\s+to\s+(?:tell|say|decide|conclude)
            | (?:cannot|could\s+not)\s+(?:tell|say|decide|conclude|distinguish|separate) | not\s+possible\s+to | is\s+suspect | suspected
            | no\s+more\s+than\s+that | whether\s+.{0,60}\s(?:or\s+not|is\s+not\s+known|not\s+clear)
            | needs?\s+(?:to\s+be\s+)?(?:confirm|further|replicat)\w* | open\s+question | either\s+way
            | (?:hint|hints|trend|tendency)\s+(?:of|to|towards?) )\b",
    )
});
/// The authors say that it may be.
static MAYBE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:may(?: have| be)?|might|could(?: have| be)?|possib(?:le|ly)|possibility|perhaps|conceivabl[ey]|plausibl[ey]|hypothesi[sz]e[ds]?|speculate[ds]?|postulate[ds]?|questionable|unproven)\b",
    )
});

static MORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: increas\w* | rais(?:e|es|ed|ing) | ris(?:e|es|en|ing) | rose | elevat\w* | higher | larger | greater | longer | prolong\w*
            | extend(?:s|ed) | doubl\w* | tripl\w* | enhanc\w* | potentiat\w* | above | exceed\w* | accelerat\w* | stronger | worse\w*
            | more\s+(?:often|frequent|frequently|common|commonly|likely|severe|patients|people|children) | more | twice | gain(?:s|ed)?
            | aggravat\w* | high | climbed | later | delayed | postpon\w* | surplus | excess | outnumber\w* )\b",
    )
});
static LESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: decreas\w* | reduc(?:e[sd]?|ing|tions?) | lower\w* | fell | fall(?:s|en|ing)? | declin\w* | diminish\w* | smaller | shorte\w* | fewer
            | less\s+(?:often|frequent|frequently|common|commonly|likely|severe) | less | halv\w* | suppress\w* | inhibit(?:s|ed|ing|ion)? | attenuat\w*
            | below | rarely | seldom | prevent\w* | protect\w* | drop(?:s|ped)? | dropped | lost | loss | blunt\w* | block(?:s|ed|ing|ade)? | rarer | slow\w* | low
            | abolish\w* | earlier | sooner | impair\w* | antagoni[sz](?:e[sd]?|ing|m) )\b",
    )
});
static BETTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: improv\w* | better | reliev\w* | relief | resolv\w* | recover\w* | normal(?:i[sz]\w*)? | heal\w* | cured? | remission | respon(?:ded|se|ses)
            | effective | efficacious | benefi\w* | alleviat\w* | ameliorat\w* | superior | helped | controlled | success\w* | healed
            | safe\w* | well\s+tolerated | earlier | advances | subsided | disappeared )\b",
    )
});
static WORSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: worse\w* | deteriorat\w* | inferior | ineffective | harm\w* | relaps\w* | unsafe | contraindicat\w* | avoid\w* | toxic\w* | adverse
            | fatal | should\s+not | must\s+not | dangerous | malformation\w* | defects? | miscarriage\w* | aggravat\w* | complication\w* | rhabdomyolysis )\b",
    )
});

static WARNS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:should not|must not|should never|contraindicat\w*|avoid(?:ed|ing)?|unsafe|dangerous)\b",
    )
});
static SAFE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:safe(?:ly|ty)?|tolerated|harmless|innocuous)\b"));
static ADVISES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:should|must|recommend\w*|advis\w*|ought to|needs? to|preferred|first choice)\b")
});

/// What a sentence says of safety: "not safe" and "rhabdomyolysis" are against it, and "no malformation" is for it.
pub(super) fn safety(text: &str, denied: bool) -> Stance {
    let (warns, safe, harm) = (WARNS.is_match(text), SAFE.is_match(text), WORSE.is_match(text));
    match (warns, denied) {
        (true, _) => Stance::Against,
        (false, true) if safe => Stance::Against,
        (false, true) => Stance::For,
        (false, false) if harm => Stance::Against,
        (false, false) if safe => Stance::For,
        (false, false) => Stance::Unclear,
    }
}

/// Whether a sentence advises something.
pub(super) fn advises(text: &str) -> bool {
    ADVISES.is_match(text)
}

static RATIO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?:(?:hazard|odds|risk|rate|incidence)\s+ratio|relative\s+risk|\b[ahors]{0,2}[hor]r)\s*(?:of|was|were|=|:|,|\()?\s*(?<ratio>\d+(?:[.·]\d+)?)
            (?: [^.;)\d]{0,40}? (?:(?:95|99)\s?%\s*(?:confidence\s+interval|ci)[\s:,=(]*)? (?<low>\d+(?:[.·]\d+)?)\s*(?:to|[-–,])\s*(?<high>\d+(?:[.·]\d+)?) )?",
    )
});
static P_VALUE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bp\s?(?<sign>[=>])\s?0?[.·](?<digits>\d+)"));

/// What was known before.
static BACKGROUND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?: background\s*: | (?:is|are)\s+(?:an?\s+)?(?:often|commonly|widely|frequently|usually|known|well\s+known|common)\b
            | (?:has|have)\s+been\s+(?:reported|described|linked|associated|implicated|suggested|proposed) )",
    )
});
static CONCLUDES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:conclu\w*|thus|therefore|in summary|these (?:results|findings|data)|our (?:results|findings|data)|we (?:found|observed))\b",
    )
});

static PEOPLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:patients?|people|wom[ae]n|m[ae]n|child(?:ren)?|adults|humans?|infants|volunteers|participants)\b",
    )
});
static EFFECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?:effects?|influence|impact) on|affect(?:s|ed)?|interact(?:s|ed|ions?)?|influenced?|alter(?:s|ed)?)\b",
    )
});

static HARM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\b(?:injur|damag|fail|impair|insufficien|harm|lesion|adverse|fibros|necros|cirrhos|elevat|rais|rose\b|jaundice|dysfunction|hurt|bleed)|toxic|itis\b|pathy\b|aminotransferas|transaminas)",
    )
});

/// Whether a sentence speaks of harm at all, denied or not.
pub(super) fn is_of_harm(sentence: &str) -> bool {
    HARM.is_match(sentence)
}

pub(super) fn is_of_people(sentence: &str) -> bool {
    PEOPLE.is_match(sentence)
}

/// Whether a sentence says that something acts on another thing.
pub(super) fn is_of_an_effect(sentence: &str) -> bool {
    EFFECT.is_match(sentence)
}

/// Whether a sentence says what was known before.
pub(super) fn is_background(sentence: &str) -> bool {
    BACKGROUND.is_match(sentence)
}

/// Whether a sentence draws the conclusion.
pub(super) fn concludes(sentence: &str) -> bool {
    CONCLUDES.is_match(sentence)
}

/// Why a sentence gives no result.
pub(super) fn gives_no_result(sentence: &str) -> Option<String> {
    if sentence.trim_end().ends_with('?') {
        return Some("?".to_owned());
    }
    [&NO_RESULT, &BEFORE].iter().find_map(|known| known.find(sentence)).map(|found| found.as_str().to_owned())
}

pub(super) fn is_of_others(sentence: &str) -> bool {
    OTHERS.is_match(sentence)
}

pub(super) fn is_of_animals(sentence: &str) -> bool {
    ANIMALS.is_match(sentence)
}

/// The statements of a sentence in order.
pub(super) fn clauses(sentence: &str) -> Vec<Range<usize>> {
    let mut borders: Vec<usize> = vec![0];
    for border in BORDERS.find_iter(sentence) {
        borders.push(border.start());
        // "Although it was common, no patient …": the comma ends it.
        if TURNS.is_match(border.as_str())
            && let Some(comma) = sentence[border.end()..].find(',')
        {
            borders.push(border.end() + comma);
        }
    }
    borders.push(sentence.len());
    borders.sort_unstable();
    borders.dedup();
    borders.windows(2).map(|two| two[0]..two[1]).collect()
}

/// The cue that denies what is at `object` in a clause.
pub(super) fn denial(clause: &str, object: &Range<usize>) -> Option<String> {
    let reach_of_exception = EXCEPTIONS.find(clause).map(|found| found.start());
    let all = DENIES_ALL
        .captures_iter(clause)
        .filter(|found| found.name("only").is_none())
        .filter_map(|found| found.get(0));
    let after = DENIES_AFTER.find_iter(clause).filter(|cue| cue.end() <= object.start);
    all.chain(after)
        .find(|cue| {
            reach_of_exception.is_none_or(|exception| object.start < exception || cue.start() > object.start)
        })
        .map(|cue| cue.as_str().to_owned())
}

/// Whether what is at `object` is an exception from what a clause says: "apart from mild nausea".
pub(super) fn is_exception(clause: &str, object: &Range<usize>) -> bool {
    EXCEPTIONS.find_iter(clause).any(|cue| {
        cue.end() <= object.start
            && object.start - cue.end() < 40
            && !clause[cue.end()..object.start].contains(',')
    })
}

pub(super) fn left_open(sentence: &str) -> Option<String> {
    OPEN.find(sentence).map(|found| found.as_str().to_owned())
}

pub(super) fn hedge(clause: &str) -> Option<String> {
    MAYBE.find(clause).map(|found| found.as_str().to_owned())
}

/// A direction, with the words that say so.
pub(super) type Directed = Option<(i8, String)>;

/// The direction that the word nearest to `object` gives.
pub(super) fn direction(clause: &str, object: &Range<usize>) -> Directed {
    nearest(clause, object, &MORE, &LESS)
}

/// Whether the word nearest to `object` says that something went well.
pub(super) fn quality(clause: &str, object: &Range<usize>) -> Directed {
    nearest(clause, object, &BETTER, &WORSE)
}

fn nearest(clause: &str, object: &Range<usize>, up: &Regex, down: &Regex) -> Directed {
    let distance = |found: &regex::Match<'_>| {
        if found.end() <= object.start {
            object.start - found.end()
        } else {
            found.start().saturating_sub(object.end)
        }
    };
    let inside = |found: &regex::Match<'_>| found.start() < object.end && object.start < found.end();
    let of = |pattern: &Regex, sign: i8| {
        let found = pattern.find_iter(clause).filter(|found| !inside(found));
        found.min_by_key(&distance).map(|found| (distance(&found), sign, found.as_str().to_owned()))
    };
    let best = of(up, 1).into_iter().chain(of(down, -1)).min_by_key(|found| found.0);
    best.map(|(_, sign, words)| (sign, words))
}

/// What a ratio of risks says: 1 for more, -1 for less, 0 where its interval holds 1.
pub(super) fn ratio(sentence: &str) -> Directed {
    let found = RATIO.captures(sentence)?;
    let number = |name: &str| {
        found.name(name).and_then(|digits| digits.as_str().replace('·', ".").parse::<f64>().ok())
    };
    let ratio = number("ratio")?;
    let words = found.get(0).map(|all| all.as_str().trim().to_owned()).unwrap_or_default();
    let sign = match (number("low"), number("high")) {
        (Some(low), Some(high)) if low <= 1.0 && high >= 1.0 && low <= high => 0,
        _ if (ratio - 1.0).abs() < 0.05 => 0,
        _ if ratio > 1.0 => 1,
        _ => -1,
    };
    Some((sign, words))
}

/// A p-value above 0.05.
pub(super) fn not_significant(sentence: &str) -> Option<String> {
    let found = P_VALUE.captures(sentence)?;
    let value: f64 = format!("0.{}", &found["digits"]).parse().ok()?;
    (value > 0.05).then(|| found[0].to_owned())
}
