//! Where the mentions of a file stand in its text, although tools count differently and sometimes miscount.
//!
//! All mentions of a document are placed together. Tools that count another unit, or line breaks and blanks otherwise,
//! shift them by a rule: the rule under which most words stand where their offsets say is taken ([`ruler`]). What still
//! does not fit is looked for nearby, in the order of the file ([`shift`]).

mod ruler;
mod shift;

pub(super) use ruler::{Counting, Ground, Segment};

use std::fmt;

use super::import::Intake;
use super::wording::{counted, quoted, some};
use super::{Notice, Unit};
use crate::{Entity, Span};
use ruler::Ruler;

/// Offsets and words of a mention as a file gives them.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// Start and end of each stretch, in the file's unit.
    pub spans: Vec<(i64, i64)>,
    /// The words the file quotes; empty where it quotes none.
    pub words: String,
    /// The segment of the text that the file puts it in.
    pub segment: usize,
}

impl Claim {
    /// A claim in the first segment.
    pub fn new(spans: Vec<(i64, i64)>, words: impl Into<String>) -> Self {
        Self { spans, words: words.into(), segment: 0 }
    }
}

/// Why a mention has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nowhere {
    /// The file gives no offsets.
    Missing,
    /// It ends where it begins, or before.
    NoWidth,
    /// Outside the text, or inside a character.
    Outside,
}

impl fmt::Display for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "without a place",
            Self::NoWidth => "without a width (where it begins it ends)",
            Self::Outside => "outside the text",
        })
    }
}

/// What became of a [`Claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placement {
    /// The words stand where the offsets say.
    Exact(Vec<Span>),
    /// The words stand nearby.
    Moved(Vec<Span>),
    /// Other words stand there, and the quoted ones nowhere near.
    Differs(Vec<Span>),
    /// There is no such place.
    Nowhere(Nowhere),
}

impl Placement {
    /// The place, if there is one.
    pub fn spans(self) -> Vec<Span> {
        match self {
            Self::Exact(spans) | Self::Moved(spans) | Self::Differs(spans) => spans,
            Self::Nowhere(_) => Vec::new(),
        }
    }
}

/// The claims of a document in their places, and how they were counted.
#[derive(Debug)]
pub(super) struct Placed {
    pub unit: Unit,
    pub counting: Counting,
    /// By how much all offsets exceed where the text begins.
    pub shift: i64,
    pub placements: Vec<Placement>,
    /// How many stand where their offsets say.
    pub exact: usize,
    /// Whether there is no text to stand in.
    pub is_textless: bool,
}

impl Placed {
    /// Whether it fits better than another way to count.
    pub fn is_better_than(&self, other: &Self) -> bool {
        let located = |one: &Self| {
            one.placements.iter().filter(|place| !matches!(place, Placement::Nowhere(_))).count()
        };
        (self.exact, located(self)) > (other.exact, located(other))
    }
}

/// How many mentions without words tell a rule of counting by themselves.
const MANY: usize = 5;
/// Every unit, the usual one first.
pub(super) const UNITS: [Unit; 3] = [Unit::CodePoints, Unit::Bytes, Unit::Utf16];

/// Places every claim on the ground, by the rule of counting that fits most.
pub(super) fn place(ground: &Ground<'_>, claims: &[Claim], units: &[Unit]) -> Placed {
    let (unit, counting, ruler) = best_ruler(ground, claims, units);
    let measured = |ruler: &Ruler<'_>| {
        let bases: Vec<Result<Vec<Span>, Nowhere>> =
            claims.iter().map(|claim| convert(claim, ruler)).collect();
        let fits = |(claim, base): (&Claim, &Result<Vec<Span>, Nowhere>)| {
            base.as_ref().is_ok_and(|spans| claim.words.is_empty() || says(ground.text, spans, &claim.words))
        };
        let exact = claims.iter().zip(&bases).filter(|pair| fits(*pair)).count();
        (bases, exact)
    };
    let (mut bases, mut exact) = measured(&ruler);
    let (mut ruler, mut shift) = (ruler, 0);
    if exact * 2 < claims.len()
        && counting == Counting::Plain
        && let Some(found) = shift::voted(ground, claims, unit)
    {
        let mut shifted = ground.clone();
        for segment in &mut shifted.segments {
            segment.offset = segment.offset.map(|offset| offset.saturating_add(found));
        }
        let other = Ruler::new(&shifted, unit, counting);
        let (other_bases, other_exact) = measured(&other);
        if other_exact > exact {
            (ruler, bases, exact, shift) = (other, other_bases, other_exact, found);
        }
    }
    let placements = if exact == claims.len() {
        bases.into_iter().map(|base| base.map_or_else(Placement::Nowhere, Placement::Exact)).collect()
    } else {
        shift::settle(ground.text, claims, bases, &ruler)
    };
    let is_textless = !ground.text.contains(char::is_alphanumeric);
    Placed { unit, counting, shift, placements, exact, is_textless }
}

/// The rule under which most claims say what stands at them. Without words, what begins and ends with a word counts, and
/// a rule other than the usual one must fit much better: one bad span tells nothing.
fn best_ruler<'t>(ground: &Ground<'t>, claims: &[Claim], units: &[Unit]) -> (Unit, Counting, Ruler<'t>) {
    let by_words = claims.iter().any(|claim| !claim.words.is_empty());
    let judged = claims.iter().filter(|claim| !by_words || !claim.words.is_empty()).count();
    let score = |ruler: &Ruler<'_>| {
        let fits = |claim: &&Claim| {
            let Ok(spans) = convert(claim, ruler) else { return false };
            if by_words {
                says_quoted(ground.text, &spans, &claim.words)
            } else {
                is_aligned(ground.text, &spans)
            }
        };
        claims.iter().filter(fits).count()
    };
    let usual = units.first().copied().unwrap_or(Unit::CodePoints);
    let plain = Ruler::new(ground, usual, Counting::Plain);
    let base = score(&plain);
    let mut best = (base, usual, Counting::Plain, plain);
    if base == judged {
        return (best.1, best.2, best.3);
    }
    let others: Vec<Unit> =
        units.iter().copied().filter(|unit| *unit != usual && !ground.text.is_ascii()).collect();
    let countings = || Counting::ALL.into_iter().skip(1).filter(|counting| counting.changes(ground.text));
    let is_impossible = claims.iter().any(|claim| convert(claim, &best.3) == Err(Nowhere::Outside));
    let is_clear = |found: usize| found * 10 >= judged * 9 && base * 2 <= judged;
    // The simplest rule first: of two that fit alike it is taken.
    let rules = (others.iter().map(|unit| (*unit, Counting::Plain)))
        .chain(countings().map(|counting| (usual, counting)))
        .chain(countings().flat_map(|counting| others.iter().map(move |unit| (*unit, counting))));
    for (unit, counting) in rules {
        let ruler = Ruler::new(ground, unit, counting);
        let found = score(&ruler);
        let is_enough = match (by_words, counting) {
            (true, Counting::Plain) => true,
            (true, _) => found == judged || (found >= base + 2 && found * 2 >= judged),
            (false, Counting::Plain) => {
                found >= base + 2 && (is_impossible || judged >= MANY) && is_clear(found)
            }
            (false, _) => found >= base + 2 && judged >= MANY && is_clear(found),
        };
        if is_enough && found > best.0 {
            best = (found, unit, counting, ruler);
        }
    }
    (best.1, best.2, best.3)
}

/// Tells how a document's mentions were counted, and gives each entity its place. What has none is left out and told.
pub(super) fn settle(
    placed: Placed,
    claims: &[Claim],
    entities: Vec<Entity>,
    place: &str,
    intake: &mut Intake<'_>,
) -> Vec<Entity> {
    if placed.is_textless {
        // That there is no text is what the user must know.
        return entities;
    }
    if placed.unit != Unit::CodePoints {
        intake.notice(Notice::Offsets(placed.unit));
    }
    if let Some(what) = placed.counting.told() {
        intake.notice(Notice::Counting(what));
    }
    if placed.shift != 0 {
        let (count, side) = (placed.shift.unsigned_abs(), if placed.shift > 0 { "before" } else { "after" });
        let message = format!("All offsets count from {count} {} {side} the text begins.", placed.unit);
        intake.issue(place, message, "The mentions were moved to where their words stand; look them over.");
    }
    let (mut moved, mut differ) = (Vec::new(), Vec::new());
    let mut nowhere: [(Nowhere, Vec<String>); 3] =
        [Nowhere::Missing, Nowhere::NoWidth, Nowhere::Outside].map(|why| (why, Vec::new()));
    let mut settled = Vec::with_capacity(entities.len());
    for ((mut entity, claim), placement) in entities.into_iter().zip(claims).zip(placed.placements) {
        match &placement {
            Placement::Exact(_) => {}
            Placement::Moved(_) => moved.push(quoted(&claim.words, &entity.id)),
            Placement::Differs(_) => differ.push(quoted(&claim.words, &entity.id)),
            Placement::Nowhere(why) => {
                let words = quoted(&claim.words, &entity.id);
                nowhere
                    .iter_mut()
                    .filter(|(one, _)| one == why)
                    .for_each(|(_, names)| names.push(words.clone()));
                continue;
            }
        }
        entity.spans = placement.spans();
        settled.push(entity);
    }
    if !moved.is_empty() {
        let whose = if moved.len() == 1 { "its" } else { "their" };
        let message = format!(
            "The offsets of {} miss {whose} words by a little: {}.",
            counted(moved.len(), "mention"),
            some(&moved)
        );
        intake.issue(place, message, "They were moved to where the words stand; look them over.");
    }
    if !differ.is_empty() {
        let (verb, whose) = if differ.len() == 1 { ("quotes", "its") } else { ("quote", "their") };
        let message = format!(
            "{} {verb} other words than stand at {whose} offsets: {}.",
            counted(differ.len(), "mention"),
            some(&differ)
        );
        intake.issue(place, message, "They were kept where their offsets point; correct or delete them.");
    }
    for (why, names) in nowhere.iter().filter(|(_, names)| !names.is_empty()) {
        let verb = match (why, names.len()) {
            (Nowhere::Outside, 1) => "lies",
            (Nowhere::Outside, _) => "lie",
            (_, 1) => "is",
            _ => "are",
        };
        let left = if names.len() == 1 { "was" } else { "were" };
        let message =
            format!("{} {verb} {why} and {left} left out: {}.", counted(names.len(), "mention"), some(names));
        let remedy = match why {
            Nowhere::Outside => "The offsets may belong to another version of the text, or to its full text.",
            Nowhere::Missing | Nowhere::NoWidth => "Give each a start and an end in the text.",
        };
        intake.issue(place, message, remedy);
    }
    settled
}

fn convert(claim: &Claim, ruler: &Ruler<'_>) -> Result<Vec<Span>, Nowhere> {
    if claim.spans.is_empty() {
        return Err(Nowhere::Missing);
    }
    let mut spans = Vec::with_capacity(claim.spans.len());
    for (start, end) in &claim.spans {
        if end <= start {
            return Err(Nowhere::NoWidth);
        }
        let place = |offset: Option<usize>| offset.ok_or(Nowhere::Outside);
        let span =
            Span::new(place(ruler.start(*start, claim.segment))?, place(ruler.end(*end, claim.segment))?);
        if span.is_empty() {
            return Err(Nowhere::Outside);
        }
        spans.push(span);
    }
    spans.sort_unstable();
    Ok(spans)
}

fn says_quoted(text: &str, spans: &[Span], words: &str) -> bool {
    !words.is_empty() && says(text, spans, words)
}

/// Whether `words` stand at `spans`, whatever the blanks and the case.
fn says(text: &str, spans: &[Span], words: &str) -> bool {
    if let [span] = spans
        && span.slice(text) == Some(words)
    {
        return true;
    }
    let say = |spans: &[Span]| {
        let stands = spans.iter().map(|span| span.slice(text)).collect::<Option<Vec<_>>>();
        stands.is_some_and(|stands| {
            let letters =
                stands.iter().flat_map(|part| part.chars()).filter(|letter| !letter.is_whitespace());
            letters
                .flat_map(char::to_lowercase)
                .eq(words.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase))
        })
    };
    // Some tools quote a mention in pieces from its first to its last letter.
    let ends = || Some((spans.first()?.start, spans.iter().map(|span| span.end).max()?));
    let extent = || ends().is_some_and(|(start, end)| say(&[Span::new(start, end)]));
    say(spans) || (spans.len() > 1 && extent())
}

/// Whether each stretch begins and ends where words do.
fn is_aligned(text: &str, spans: &[Span]) -> bool {
    spans.iter().all(|span| {
        let (Some(words), Some(before), Some(after)) =
            (span.slice(text), text.get(..span.start), text.get(span.end..))
        else {
            return false;
        };
        let parted = |outer: Option<char>, inner: Option<char>| {
            inner.is_some_and(|inner| !inner.is_whitespace())
                && !(outer.is_some_and(char::is_alphanumeric) && inner.is_some_and(char::is_alphanumeric))
        };
        parted(before.chars().next_back(), words.chars().next())
            && parted(after.chars().next(), words.chars().next_back())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(spans: &[(i64, i64)], words: &str) -> Claim {
        Claim::new(spans.to_vec(), words)
    }

    fn placed(text: &str, claims: &[Claim]) -> Placed {
        place(&Ground::whole(text), claims, &UNITS)
    }

    #[test]
    fn finds_the_unit() {
        let text = "β-blockers and 𝛼-agonists lower pressure";
        for (unit, start) in [(Unit::CodePoints, 26), (Unit::Bytes, 30), (Unit::Utf16, 27)] {
            let found = placed(text, &[claim(&[(start, start + 5)], "lower")]);
            assert_eq!((found.unit, found.counting), (unit, Counting::Plain));
            assert_eq!(found.placements, [Placement::Exact(vec![Span::new(30, 35)])]);
        }
    }

    #[test]
    fn one_bad_span_does_not_change_the_unit() {
        let text = "β-blockers reduce mortality.";
        let bare = |start, end| claim(&[(start, end)], "");
        let found = placed(text, &[bare(11, 17), bare(2, 10), bare(18, 29)]);
        assert_eq!(found.unit, Unit::CodePoints);
        assert_eq!(found.placements[0], Placement::Exact(vec![Span::new(12, 18)]));
        assert_eq!(found.placements[2], Placement::Nowhere(Nowhere::Outside));
        assert_eq!(placed("reduces TNF-α", &[bare(8, 14)]).unit, Unit::CodePoints);
        let bytes = placed(text, &[bare(12, 18), bare(3, 11), bare(19, 29)]);
        assert_eq!(bytes.unit, Unit::Bytes);
        // Words outvote a word that fits by chance.
        let found = placed(
            text,
            &[claim(&[(11, 17)], "reduce"), claim(&[(2, 10)], "blockers"), claim(&[(19, 28)], "mortality")],
        );
        assert_eq!(found.unit, Unit::CodePoints);
        assert_eq!(found.placements[2], Placement::Moved(vec![Span::new(19, 28)]));
    }

    /// A note whose lines all say the same, and the mentions of each line, counted by a rule.
    fn counted_otherwise(text: &str, source: &str) -> (Vec<Claim>, Vec<Placement>) {
        let spans = |text: &str| -> Vec<Span> {
            ["pain", "morphine"]
                .iter()
                .flat_map(|word| text.match_indices(word).map(|(at, _)| Span::new(at, at + word.len())))
                .collect()
        };
        let offset = |byte: usize| i64::try_from(source[..byte].chars().count()).unwrap();
        let claims = spans(source)
            .into_iter()
            .map(|span| claim(&[(offset(span.start), offset(span.end))], &source[span.start..span.end]));
        let right = spans(text).into_iter().map(|span| Placement::Exact(vec![span]));
        (claims.collect(), right.collect())
    }

    #[test]
    fn finds_the_rule_of_a_regular_shift() {
        let lines = |end: &str| -> String {
            let days = (1..200).map(|day| format!("Day {day}:  pain, given morphine{end}"));
            format!("β {}", days.collect::<String>())
        };
        for (text, source, counting) in [
            (lines("\n"), lines("\r\n"), Counting::LineBreaksAsTwo),
            (lines("\r\n"), lines("\n"), Counting::LineBreaksAsOne),
            (lines("\n"), lines("\n").replace("  ", " "), Counting::BlanksAsOne),
            (lines("\n"), lines("\n").replace('\n', ""), Counting::LineBreaksAsNone),
            (format!("\n   {}", lines("\n")), lines("\n"), Counting::WithoutLeadingBlanks),
        ] {
            let (claims, right) = counted_otherwise(&text, &source);
            let found = placed(&text, &claims);
            assert_eq!(found.counting, counting);
            assert_eq!(found.placements, right, "{counting:?}");
        }
    }

    #[test]
    fn follows_a_shift_without_a_rule() {
        // Each line lost a mark that the offsets count; the same words come on every line.
        let lines = |mark: &str| -> String {
            (1..200).map(|day| format!("{mark}Day {day}: pain, given morphine.\n")).collect()
        };
        let (text, source) = (lines(""), lines("<b>"));
        let (claims, right) = counted_otherwise(&text, &source);
        let found = placed(&text, &claims);
        for (placement, right) in found.placements.into_iter().zip(right) {
            assert_eq!(placement.spans(), right.spans());
        }
        // A long beginning that is not in the text.
        let source = format!("{}{text}", "x".repeat(1000));
        let (claims, right) = counted_otherwise(&text, &source);
        for (placement, right) in placed(&text, &claims).placements.into_iter().zip(right) {
            assert_eq!(placement.spans(), right.spans());
        }
    }

    #[test]
    fn moves_words_with_their_neighbors() {
        let text = "cystic fibrosis (CF) and renal or hepatic failure here";
        let claims = [
            claim(&[(3, 18)], "cystic fibrosis"),
            claim(&[(20, 22)], "CF"),
            claim(&[(28, 33), (45, 52)], "renal failure"),
        ];
        let found = placed(text, &claims).placements;
        assert_eq!(found[0], Placement::Moved(vec![Span::new(0, 15)]));
        assert_eq!(found[1], Placement::Moved(vec![Span::new(17, 19)]));
        assert_eq!(found[2], Placement::Moved(vec![Span::new(25, 30), Span::new(42, 49)]));
    }

    #[test]
    fn two_mentions_never_move_to_one_stretch() {
        let text = "pain, then no more pain; fever";
        let claims = [claim(&[(0, 4)], "pain"), claim(&[(12, 16)], "pain"), claim(&[(25, 30)], "fever")];
        let found = placed(text, &claims).placements;
        assert_eq!(found[0], Placement::Exact(vec![Span::new(0, 4)]));
        assert_eq!(found[1], Placement::Moved(vec![Span::new(19, 23)]));
        // The file puts two there.
        let twice = [claim(&[(1, 5)], "pain"), claim(&[(1, 5)], "pain")];
        let found = placed("pain", &twice).placements;
        assert_eq!(found, [Placement::Moved(vec![Span::new(0, 4)]), Placement::Moved(vec![Span::new(0, 4)])]);
    }

    #[test]
    fn right_offsets_stand_although_their_words_were_rewritten() {
        let text = "IFN‑γ and IFN-gamma; naïve T cells, naive mice";
        let at = |word: &str| i64::try_from(text[..text.find(word).unwrap()].chars().count()).unwrap();
        let claims = [claim(&[(0, 5)], "IFN-γ"), claim(&[(at("naïve"), at("naïve") + 5)], "naive")];
        let found = placed(text, &claims).placements;
        assert_eq!(found[0], Placement::Differs(vec![Span::new(0, "IFN‑γ".len())]));
        let naive = text.find("naïve").unwrap();
        assert_eq!(found[1], Placement::Differs(vec![Span::new(naive, naive + "naïve".len())]));
    }

    #[test]
    fn keeps_what_differs_and_drops_what_has_no_place() {
        let claims = [
            claim(&[(0, 3)], "dog"),
            claim(&[(90, 99)], "elsewhere"),
            claim(&[(2, 2)], ""),
            claim(&[(-1, 2)], ""),
            claim(&[], "x"),
        ];
        let found = placed("cat food", &claims).placements;
        assert_eq!(found[0], Placement::Differs(vec![Span::new(0, 3)]));
        let nowhere = [Nowhere::Outside, Nowhere::NoWidth, Nowhere::Outside, Nowhere::Missing];
        assert_eq!(found[1..], nowhere.map(Placement::Nowhere));
    }
}
