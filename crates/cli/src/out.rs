//! Standard output and standard error: what is closed or full ends the program with words and not with a panic, and what comes
//! from files (ids, titles, names) gives the terminal no orders.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};

/// As in the standard library, by [`crate::out::line`].
macro_rules! println {
    ($($argument:tt)*) => { $crate::out::line(&format!($($argument)*)) };
}

/// As in the standard library, by [`crate::out::tell`].
macro_rules! eprintln {
    ($($argument:tt)*) => { $crate::out::tell(&format!($($argument)*)) };
}

/// Writes a line of results.
pub fn line(text: &str) {
    write(&format!("{text}\n"));
}

/// Writes results as they grow.
pub fn write(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(cause) = out.write_all(clean(text).as_bytes()).and_then(|()| out.flush()) {
        drop(out);
        give_up(&cause);
    }
}

/// Writes a line that is no result. Where nobody can hear it the work goes on.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", clean(text));
}

/// Results that reach nobody need not be computed.
fn give_up(cause: &io::Error) -> ! {
    if cause.kind() == ErrorKind::BrokenPipe {
        // Whoever read has enough (`| head`): as a program ends that the system stops for it.
        crate::temporary::remove_all_and_exit(141);
    }
    tell(&format!("error: the results cannot be written to standard output: {cause}"));
    crate::temporary::remove_all_and_exit(1)
}

/// Without signs that a terminal obeys; as JSON writes them, so that JSON stays what it is.
fn clean(text: &str) -> Cow<'_, str> {
    let obeyed = |sign: char| sign.is_control() && !matches!(sign, '\n' | '\t');
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        if obeyed(sign) {
            // Writing to a string does not fail.
            let _ = write!(cleaned, "\\u{:04x}", u32::from(sign));
        } else {
            cleaned.push(sign);
        }
    }
    Cow::Owned(cleaned)
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_a_terminal_obeys_is_shown_and_not_sent() {
        assert_eq!(
            clean("\u{1b}[31mWARD\u{7}\r\n\tβ\u{9b}2J"),
            "\\u001b[31mWARD\\u0007\\u000d\n\tβ\\u009b2J"
        );
        let json = serde_json::json!({ "id": "a\u{9b}b\u{1b}" }).to_string();
        let back: serde_json::Value = serde_json::from_str(&clean(&json)).unwrap();
        assert_eq!(back["id"], "a\u{9b}b\u{1b}");
    }
}
