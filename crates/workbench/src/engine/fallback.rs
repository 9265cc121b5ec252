//! What happens when a device fails: nothing goes on elsewhere before someone was asked.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A device that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its name, where one was found.
    pub device: Option<String>,
    /// What it said.
    pub reason: String,
}

/// Asks whether the processor may take over. It is called on the engine's thread, which waits for the answer.
pub type Ask = Box<dyn FnMut(&Failure) -> bool + Send>;

/// A question that waits for its answer.
#[derive(Debug, Default)]
pub struct Fallback {
    question: Mutex<Question>,
    changed: Condvar,
}

#[derive(Debug, Default)]
enum Question {
    #[default]
    None,
    Open,
    Answered(bool),
    /// Nobody is there to answer any more.
    Closed,
}

/// How long an answer is waited for. Meanwhile the engine does nothing else.
const PATIENCE: Duration = Duration::from_secs(300);

impl Fallback {
    /// Puts the question by `tell`, and waits, but not for ever: whoever was asked may be gone. No answer is a no.
    pub fn ask(&self, tell: impl FnOnce()) -> bool {
        self.ask_for(PATIENCE, tell)
    }

    fn ask_for(&self, patience: Duration, tell: impl FnOnce()) -> bool {
        {
            let mut question = self.lock();
            if matches!(*question, Question::Closed) {
                return false;
            }
            *question = Question::Open;
        }
        tell();
        let end = Instant::now() + patience;
        let mut question = self.lock();
        loop {
            match *question {
                Question::Answered(allowed) => {
                    *question = Question::None;
                    return allowed;
                }
                Question::Closed | Question::None => return false,
                Question::Open => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        *question = Question::None;
                        return false;
                    }
                    let waited = self.changed.wait_timeout(question, left);
                    question = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// Answers the open question; whether there was one.
    pub fn answer(&self, allow: bool) -> bool {
        let mut question = self.lock();
        let open = matches!(*question, Question::Open);
        if open {
            *question = Question::Answered(allow);
            self.changed.notify_all();
        }
        open
    }

    /// Whether a question waits for its answer: a client that begins anew is asked again.
    pub fn is_open(&self) -> bool {
        matches!(*self.lock(), Question::Open)
    }

    /// Nobody answers from now on.
    pub fn close(&self) {
        *self.lock() = Question::Closed;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Question> {
        self.question.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reaches_the_question_once_and_nobody_there_is_a_no() {
        let fallback = Fallback::default();
        assert!(!fallback.answer(true), "nothing was asked");
        assert!(fallback.ask(|| assert!(fallback.answer(true))));
        assert!(!fallback.ask(|| assert!(fallback.answer(false))));
        // The page that was asked is gone.
        assert!(!fallback.ask_for(Duration::from_millis(5), || assert!(fallback.is_open())));
        assert!(!fallback.is_open() && !fallback.answer(true));
        assert!(!fallback.ask(|| fallback.close()));
        assert!(!fallback.ask(|| panic!("nobody is there to be told")));
    }
}
