//! Names of a text that was read in windows.

use documents::Span;

use super::LabelledName;
use crate::windows::Window;

/// The names of all windows as if the text had been read at once. Where two windows overlap, the name is taken from the one
/// that sees more around it: up to the middle of the overlap from the first, from there on from the second. What lies
/// across the middle is the first one's, unless only the second one found it.
///
/// `names` are those of each window, with spans in the whole text.
#[must_use]
pub fn merge(windows: &[Window], names: Vec<Vec<LabelledName>>) -> Vec<LabelledName> {
    let mut all: Vec<LabelledName> = Vec::new();
    for (number, own) in names.into_iter().enumerate() {
        let Some(window) = windows.get(number) else { break };
        let before = number.checked_sub(1).and_then(|before| windows.get(before));
        let from = before.map_or(0, |before| middle(before.span, window.span));
        let to = windows.get(number + 1).map_or(usize::MAX, |after| middle(window.span, after.span));
        let inside = own.into_iter().filter(|name| name.span.end > from && name.span.start < to);
        for name in inside {
            let overlaps = |known: &&mut LabelledName| {
                known.kind == name.kind
                    && known.span.start < name.span.end
                    && name.span.start < known.span.end
            };
            match all.iter_mut().find(overlaps) {
                None => all.push(name),
                // The window before ends in the midst of the name.
                Some(known) if before.is_some_and(|before| known.span.end >= before.span.end) => {
                    if name.span.start <= known.span.start && name.span.end > known.span.end {
                        *known = name;
                    }
                }
                Some(_) => {}
            }
        }
    }
    all.sort_by_key(|name| (name.span.start, name.span.end));
    all
}

/// The middle of what two windows share; where they share nothing, the beginning of the second.
fn middle(first: Span, second: Span) -> usize {
    second.start + first.end.saturating_sub(second.start) / 2
}
