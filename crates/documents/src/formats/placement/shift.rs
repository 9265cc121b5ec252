//! Mentions whose words do not stand where their offsets say, by no known rule: each is moved with its neighbors, in
//! the order of the file.
//!
//! Of all ways to place a document's mentions the one is taken that changes the shift least: a shift that grows line by
//! line is followed, and the same words on another line are left alone. Two mentions that a file keeps apart never come
//! to one stretch.

use std::collections::HashMap;

use super::ruler::Ruler;
use super::{Claim, Ground, Nowhere, Placement, Segment, says};
use crate::Span;
use crate::formats::Unit;
use crate::formats::offsets::Offsets;

/// How far (in bytes) the words of a mention may stand from where its offsets and its neighbors' shift say.
const REACH: usize = 160;
/// Words shorter than this are found anywhere, so they are only moved along with their neighbors.
const DISTINCT: usize = 4;
/// What it costs to change the shift, and a byte of change; beyond `FAR` bytes it costs no more.
const CHANGE: u64 = 4;
const FAR: u64 = 60;
/// What it costs to leave a mention where its words do not stand.
const UNPLACED: u64 = 340;
/// What it costs to keep a mention whose words are nearly those that stand there.
const REWRITTEN: u64 = 2;
/// How many ways are followed at once.
const WAYS: usize = 8;
/// How many mentions vote on one shift of the whole text, and the longest text that is searched for them.
const VOTERS: usize = 48;
const SEARCHED: usize = 4 * 1024 * 1024;
/// How many occurrences of a word are looked at for the vote.
const OCCURRENCES: usize = 5_000;

/// One way to place the mentions so far.
#[derive(Clone, Copy)]
struct Way {
    cost: u64,
    shift: i64,
    /// Where the last placed mention stands, and where its offsets say.
    last: Option<(usize, usize)>,
    step: usize,
}

/// What a way did with a mention, and the step before.
struct Step {
    before: usize,
    claim: usize,
    taken: Option<Candidate>,
}

/// A place that a mention may have.
#[derive(Clone, Copy)]
struct Candidate {
    shift: i64,
    cost: u64,
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// The words stand at the shifted stretches.
    Says,
    /// Nearly.
    Rewritten,
    /// The words stand there in one piece.
    Found,
}

/// Places the claims. `bases` are the places that the ruler gives.
pub(super) fn settle(
    text: &str,
    claims: &[Claim],
    bases: Vec<Result<Vec<Span>, Nowhere>>,
    ruler: &Ruler<'_>,
) -> Vec<Placement> {
    let starts: Vec<Option<usize>> = claims
        .iter()
        .zip(&bases)
        .map(|(claim, base)| match base {
            Ok(spans) => spans.first().map(|span| span.start),
            Err(Nowhere::Outside) => ruler.near(claim.spans.first()?.0, claim.segment),
            Err(_) => None,
        })
        .collect();
    let mut order: Vec<(usize, usize)> =
        starts.iter().enumerate().filter_map(|(index, start)| Some(((*start)?, index))).collect();
    order.sort_unstable();
    let taken = cheapest(text, claims, &bases, &order);
    let mut placements: Vec<Option<Placement>> = (0..claims.len()).map(|_| None).collect();
    for (at, index) in &order {
        let (Some(claim), Some(base), Some(placement)) =
            (claims.get(*index), bases.get(*index), placements.get_mut(*index))
        else {
            continue;
        };
        *placement = taken.get(*index).copied().flatten().map(|candidate| {
            let moved = |spans: &Vec<Span>| shifted(spans, candidate.shift);
            match (candidate.sort, base) {
                (Sort::Says, Ok(spans)) if candidate.shift == 0 => Placement::Exact(spans.clone()),
                (Sort::Says, Ok(spans)) => Placement::Moved(moved(spans)),
                (Sort::Rewritten, Ok(spans)) => Placement::Differs(moved(spans)),
                _ => {
                    let start = by(*at, candidate.shift);
                    Placement::Moved(vec![Span::new(start, start + claim.words.len())])
                }
            }
        });
    }
    // What found no place of its own goes where its neighbors went, if they agree.
    let shift_of = |position: usize| -> Option<i64> {
        let (_, index) = order.get(position)?;
        Some(taken.get(*index).copied().flatten()?.shift)
    };
    let mut next: Vec<Option<i64>> = vec![None; order.len() + 1];
    for position in (0..order.len()).rev() {
        next[position] = shift_of(position).or(next[position + 1]);
    }
    let mut before = None;
    for (position, (_, index)) in order.iter().enumerate() {
        before = shift_of(position).or(before);
        let (Some(claim), Some(Ok(spans)), Some(placement)) =
            (claims.get(*index), bases.get(*index), placements.get_mut(*index))
        else {
            continue;
        };
        if placement.is_some() {
            continue;
        }
        let after = next.get(position + 1).copied().flatten();
        let stands = |shift: i64| {
            let spans = shifted(spans, shift);
            let sound = spans.iter().all(|span| span.slice(text).is_some());
            sound.then_some(spans)
        };
        let is_bare = claim.words.is_empty();
        let says_at = |shift: Option<i64>| {
            let spans = stands(shift.filter(|shift| *shift != 0)?)?;
            (!is_bare && says(text, &spans, &claim.words)).then_some(spans)
        };
        let agreed =
            before.filter(|shift| after.is_none_or(|after| after == *shift) && *shift != 0).and_then(stands);
        *placement = Some(match (says_at(before).or_else(|| says_at(after)), agreed) {
            (Some(spans), _) => Placement::Moved(spans),
            (None, Some(spans)) if is_bare => Placement::Moved(spans),
            (None, Some(spans)) => Placement::Differs(spans),
            (None, None) if is_bare => Placement::Exact(spans.clone()),
            (None, None) => Placement::Differs(spans.clone()),
        });
    }
    let unplaced = |base: &Result<Vec<Span>, Nowhere>| match base {
        Ok(spans) => Placement::Differs(spans.clone()),
        Err(why) => Placement::Nowhere(*why),
    };
    placements
        .into_iter()
        .zip(&bases)
        .map(|(placement, base)| placement.unwrap_or_else(|| unplaced(base)))
        .collect()
}

/// What the cheapest way does with each claim.
fn cheapest(
    text: &str,
    claims: &[Claim],
    bases: &[Result<Vec<Span>, Nowhere>],
    order: &[(usize, usize)],
) -> Vec<Option<Candidate>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut ways = vec![Way { cost: 0, shift: 0, last: None, step: usize::MAX }];
    for (at, index) in order {
        let (Some(claim), Some(base)) = (claims.get(*index), bases.get(*index)) else { continue };
        if claim.words.is_empty() {
            continue;
        }
        let candidates = candidates(text, claim, base.as_deref().ok(), *at, &ways);
        let mut next: Vec<(Way, Option<Candidate>)> = Vec::new();
        for way in &ways {
            next.push((Way { cost: way.cost + UNPLACED, ..*way }, None));
            for candidate in &candidates {
                let stands = by(*at, candidate.shift);
                let in_order = way.last.is_none_or(|(last, said)| match (*at).cmp(&said) {
                    std::cmp::Ordering::Greater => stands > last,
                    _ => stands >= last,
                });
                if in_order {
                    let change = candidate.shift.abs_diff(way.shift);
                    let change = if change == 0 { 0 } else { CHANGE + change.min(FAR) };
                    let cost = way.cost + change + candidate.cost;
                    next.push((
                        Way { cost, shift: candidate.shift, last: Some((stands, *at)), ..*way },
                        Some(*candidate),
                    ));
                }
            }
        }
        next.sort_by_key(|(way, _)| way.cost);
        let mut kept: Vec<Way> = Vec::with_capacity(WAYS);
        for (mut way, taken) in next {
            if kept.len() == WAYS {
                break;
            }
            if kept.iter().all(|one| (one.shift, one.last) != (way.shift, way.last)) {
                steps.push(Step { before: way.step, claim: *index, taken });
                way.step = steps.len() - 1;
                kept.push(way);
            }
        }
        ways = kept;
    }
    let mut taken: Vec<Option<Candidate>> = vec![None; claims.len()];
    let mut at = ways.iter().min_by_key(|way| way.cost).map_or(usize::MAX, |way| way.step);
    while let Some(step) = steps.get(at) {
        if let Some(place) = taken.get_mut(step.claim) {
            *place = step.taken;
        }
        at = step.before;
    }
    taken
}

/// The places that a claim may have: at the shifts of the ways so far, and where its words stand near to them.
fn candidates(text: &str, claim: &Claim, base: Option<&[Span]>, at: usize, ways: &[Way]) -> Vec<Candidate> {
    let mut shifts: Vec<i64> = ways.iter().map(|way| way.shift).chain([0]).collect();
    shifts.sort_unstable();
    shifts.dedup();
    let mut found: Vec<Candidate> = Vec::new();
    for shift in &shifts {
        let Some(spans) = base.map(|spans| shifted(spans, *shift)) else { continue };
        if says(text, &spans, &claim.words) {
            found.push(Candidate { shift: *shift, cost: 0, sort: Sort::Says });
        } else if resembles(text, &spans, &claim.words) {
            found.push(Candidate { shift: *shift, cost: REWRITTEN, sort: Sort::Rewritten });
        }
    }
    let length = claim.spans.first().map_or(0, |(start, end)| end.saturating_sub(*start));
    let is_whole = claim.spans.len() == 1 || usize::try_from(length) == Ok(claim.words.len());
    if is_whole && claim.words.chars().count() >= DISTINCT {
        for shift in &shifts {
            for place in nearest(text, &claim.words, by(at, *shift)).into_iter().flatten() {
                let shift = difference(place, at);
                if found.iter().all(|one| one.shift != shift || one.sort == Sort::Rewritten) {
                    found.push(Candidate { shift, cost: 1, sort: Sort::Found });
                }
            }
        }
    }
    found
}

/// By how much (in the file's unit) the offsets of most distinct words exceed where the words stand, where most of them
/// agree on that: the text lacks its beginning, or has a longer one.
pub(super) fn voted(ground: &Ground<'_>, claims: &[Claim], unit: Unit) -> Option<i64> {
    let [Segment { start: 0, offset: Some(base), .. }] = ground.segments[..] else { return None };
    let text = ground.text;
    if text.len() > SEARCHED {
        return None;
    }
    let distinct: Vec<&Claim> =
        claims.iter().filter(|claim| claim.words.chars().count() > DISTINCT).collect();
    let voters: Vec<&Claim> = distinct.iter().step_by(distinct.len() / VOTERS + 1).copied().collect();
    let offsets = Offsets::new(text, unit);
    let mut votes: HashMap<i64, usize> = HashMap::new();
    for claim in &voters {
        let Some((start, _)) = claim.spans.first() else { continue };
        for (place, _) in text.match_indices(claim.words.as_str()).take(OCCURRENCES) {
            let stands = base + i64::try_from(offsets.at_byte(place)).unwrap_or(0);
            *votes.entry(start.saturating_sub(stands)).or_default() += 1;
        }
    }
    let (shift, count) = votes.into_iter().max_by_key(|(shift, count)| (*count, -shift.abs()))?;
    (shift != 0 && count >= 3 && count * 4 >= voters.len() * 3).then_some(shift)
}

/// The occurrences of `words` that begin nearest to byte `at`, before and after it, within reach.
fn nearest(text: &str, words: &str, at: usize) -> [Option<usize>; 2] {
    if at > text.len().saturating_add(REACH) {
        return [None, None];
    }
    let at = at.min(text.len());
    let from = text.floor_char_boundary(at.saturating_sub(REACH));
    let to = text.ceil_char_boundary((at + REACH + words.len()).min(text.len()));
    let mut found = [None, None];
    for (place, _) in text.get(from..to).unwrap_or_default().match_indices(words) {
        let place = from + place;
        if place <= at {
            found[0] = Some(place);
        } else {
            found[1] = Some(place);
            break;
        }
    }
    found
}

/// Whether the stretches hold nearly these words: rewritten by a tool (accents, dashes, spelling), with the same letters
/// at both ends.
fn resembles(text: &str, spans: &[Span], words: &str) -> bool {
    let stands: Option<String> = spans.iter().map(|span| span.slice(text)).collect();
    let Some(stands) = stands else { return false };
    let letters = |words: &str| -> Vec<char> {
        words
            .chars()
            .filter(|letter| letter.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .take(100)
            .collect()
    };
    let (one, two) = (letters(&stands), letters(words));
    let ends_alike = one.first() == two.first() && one.last() == two.last();
    let (short, long) = (one.len().min(two.len()), one.len().max(two.len()));
    if !ends_alike || short < 3 || short * 4 < long * 3 {
        return false;
    }
    // The longest run of letters in common, gaps allowed.
    let mut row = vec![0usize; two.len() + 1];
    for letter in &one {
        let mut corner = 0;
        for (place, other) in two.iter().enumerate() {
            let above = row[place + 1];
            row[place + 1] = if letter == other { corner + 1 } else { above.max(row[place]) };
            corner = above;
        }
    }
    row.last().copied().unwrap_or(0) * 4 >= long * 3
}

fn shifted(spans: &[Span], shift: i64) -> Vec<Span> {
    spans.iter().map(|span| Span::new(by(span.start, shift), by(span.end, shift))).collect()
}

fn by(offset: usize, shift: i64) -> usize {
    offset.saturating_add_signed(isize::try_from(shift).unwrap_or(0))
}

fn difference(place: usize, at: usize) -> i64 {
    i64::try_from(place).unwrap_or(0) - i64::try_from(at).unwrap_or(0)
}
