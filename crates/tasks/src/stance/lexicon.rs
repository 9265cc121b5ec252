//! Words that say what is asked, and the measures by which abstracts report what a question names in another word.

use terms::words::{Word, fold};

use crate::support::stem;

/// What a question wants to know of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    /// Whether it is there: caused, associated, seen.
    Presence,
    /// Whether it changes at all.
    Change,
    /// Whether it becomes more.
    Up,
    /// Whether it becomes less.
    Down,
    /// Whether it becomes better.
    Better,
    /// Whether there is no harm.
    Safe,
    /// Whether it should be done.
    Advised,
}

/// Words by which questions ask, in their dictionary form.
const PREDICATES: &[(Aspect, &str)] = &[
    (
        Aspect::Presence,
        "cause harm damage injure hurt induce produce provoke trigger precipitate lead result \
         associated linked related correlate correlated predict develop occur contribute bind \
         activate stimulate express mediate responsible target interact cross appear persist recur \
         exist present seen",
    ),
    (Aspect::Change, "affect influence alter change modify impact matter differ depend"),
    (
        Aspect::Up,
        "increase raise elevate enhance prolong extend lengthen accelerate potentiate double worsen \
         aggravate exacerbate delay promote higher high elevated raised more greater longer larger \
         common frequent",
    ),
    (
        Aspect::Down,
        "decrease reduce lower diminish shorten attenuate suppress inhibit block prevent protect \
         limit slow avert impair antagonise antagonize low fewer less smaller shorter rare",
    ),
    (
        Aspect::Better,
        "improve help treat relieve alleviate ameliorate effective benefit cure heal useful control \
         work beneficial efficacious superior better",
    ),
    (Aspect::Safe, "safe tolerated harmless"),
    (Aspect::Advised, "combine recommended advisable avoided contraindicated"),
];

/// What a word of a question asks, if it does. Words at its very beginning ask nothing yet.
pub(super) fn predicate(word: &str, place: usize, all: &[Word]) -> Option<Aspect> {
    if place == 0 {
        return None;
    }
    // "the treatment", "the increased risk": a noun's neighbour, and no verb of the question.
    let before = all[place - 1].folded.as_str();
    if matches!(before, "the" | "a" | "an" | "of" | "in" | "with" | "by") {
        return None;
    }
    // "More effective than": what is more or less is what is asked.
    if matches!(word, "more" | "less" | "as")
        && all.get(place + 1).is_some_and(|next| predicate(&next.folded, place + 1, all).is_some())
    {
        return None;
    }
    let wanted = stem(word);
    let asks = |known: &str| known.split(' ').any(|known| stem(known) == wanted);
    PREDICATES.iter().find_map(|(aspect, known)| asks(known).then_some(*aspect))
}

/// Words of questions that name nothing.
pub(super) fn is_frame_word(word: &str) -> bool {
    const WORDS: &str = "patient patients people person persons individuals subjects should could must shall risk \
         risks rate rates effect effects use used using therapy treatment study text given taking \
         receiving alone than more less most what how why when whether after before during between \
         among against over under without via increased evidence possible likely due caused lead \
         role level levels incidence frequency occurrence development number significantly \
         clinically if so only because associated compared versus vs adult adults here seen";
    WORDS.split(' ').any(|known| known == word)
}

/// A thing and how abstracts report it.
#[derive(Debug)]
pub(super) struct Family {
    /// What questions call it.
    asked: &'static [&'static str],
    /// What texts report it by.
    pub(super) reported: &'static [&'static str],
    /// Whether it is there when these are low.
    pub(super) falls: bool,
}

const FAMILIES: &[Family] = &[
    Family {
        asked: &["mortality", "death", "deaths", "survival", "survive", "die"],
        reported: &[
            "mortality",
            "died",
            "death",
            "deaths",
            "survival",
            "survived",
            "survivors",
            "lived",
            "fatal",
            "fatality",
        ],
        falls: false,
    },
    Family {
        asked: &[
            "hospital stay",
            "length of stay",
            "stay in hospital",
            "hospitalisation",
            "hospitalization",
            "stay",
        ],
        reported: &[
            "length of stay",
            "hospital stay",
            "stay in hospital",
            "days in hospital",
            "discharge",
            "discharged",
        ],
        falls: false,
    },
    Family {
        asked: &[
            "exposure",
            "concentration",
            "concentrations",
            "plasma concentration",
            "bioavailability",
            "plasma levels",
            "auc",
        ],
        reported: &[
            "area under the curve",
            "auc",
            "concentration",
            "concentrations",
            "exposure",
            "peak",
            "cmax",
            "bioavailability",
            "trough",
            "clearance",
            "half life",
            "plasma level",
            "plasma levels",
        ],
        falls: false,
    },
    Family {
        asked: &["lung function", "pulmonary function", "spirometry", "airflow"],
        reported: &[
            "lung function",
            "pulmonary function",
            "forced expiratory volume",
            "fev1",
            "forced vital capacity",
            "fvc",
            "peak flow",
        ],
        falls: false,
    },
    Family {
        asked: &["kidney function", "renal function", "glomerular filtration"],
        reported: &[
            "kidney function",
            "renal function",
            "glomerular filtration",
            "gfr",
            "egfr",
            "creatinine",
        ],
        falls: false,
    },
    Family {
        asked: &[
            "hepatotoxicity",
            "liver injury",
            "liver damage",
            "hepatic injury",
            "liver toxicity",
            "hepatitis",
        ],
        reported: &[
            "hepatotoxicity",
            "hepatotoxic",
            "liver injury",
            "liver damage",
            "hepatic injury",
            "liver failure",
            "aminotransferase",
            "aminotransferases",
            "transaminases",
            "alanine aminotransferase",
            "liver enzymes",
            "jaundice",
        ],
        falls: false,
    },
    Family {
        asked: &[
            "nephrotoxicity",
            "kidney injury",
            "renal failure",
            "kidney damage",
            "renal injury",
            "acute kidney injury",
        ],
        reported: &[
            "nephrotoxicity",
            "kidney injury",
            "renal failure",
            "renal injury",
            "creatinine",
            "dialysis",
        ],
        falls: false,
    },
    Family {
        asked: &["thrombocytopenia"],
        reported: &["thrombocytopenia", "platelet count", "platelets", "platelet counts"],
        falls: true,
    },
    Family {
        asked: &["anaemia", "anemia"],
        reported: &["anaemia", "anemia", "haemoglobin", "hemoglobin"],
        falls: true,
    },
    Family {
        asked: &["neutropenia"],
        reported: &["neutropenia", "neutrophil count", "neutrophils"],
        falls: true,
    },
    Family {
        asked: &["cognition", "memory", "cognitive function"],
        reported: &["cognition", "memory", "cognitive", "mini mental"],
        falls: false,
    },
    Family { asked: &["pain"], reported: &["pain", "pain score", "pain scores", "analgesia"], falls: false },
    Family {
        asked: &["sleep", "fall asleep", "asleep", "insomnia"],
        reported: &["sleep", "asleep", "sleep latency", "sleep onset", "insomnia"],
        falls: false,
    },
    Family {
        asked: &["weight", "body weight", "weight gain", "weight loss"],
        reported: &["weight", "body weight", "body mass index", "bmi"],
        falls: false,
    },
    Family {
        asked: &["qt", "qt interval", "qt prolongation", "qtc"],
        reported: &["qt", "qtc", "qt interval", "torsade de pointes", "torsades de pointes"],
        falls: false,
    },
    Family {
        asked: &["bleeding", "haemorrhage", "hemorrhage"],
        reported: &["bleeding", "haemorrhage", "hemorrhage", "bled", "haemorrhages", "hemorrhages"],
        falls: false,
    },
];

/// The family of measures that these words belong to.
pub(super) fn family_of(words: &str) -> Option<&'static Family> {
    let folded = fold(words);
    FAMILIES.iter().find(|family| family.asked.iter().any(|asked| *asked == folded))
}
