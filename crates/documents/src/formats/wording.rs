//! Counts and examples in messages.

/// Up to three examples of `items`, for a message.
pub(super) fn some(items: &[String]) -> String {
    let mut shown = items.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if items.len() > 3 {
        shown.push_str(" …");
    }
    shown
}

/// A count with its noun, in the number that fits: `1 mention`, `3 mentions`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A mention as a message names it: its words, shortened, else its id.
pub(super) fn quoted(words: &str, id: &str) -> String {
    if words.is_empty() {
        return id.to_owned();
    }
    let mut short: String = words.chars().take(40).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    format!("\"{short}\"")
}
