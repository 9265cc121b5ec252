//! What happens when a device fails: nothing goes on elsewhere before someone was asked.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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

impl Fallback {
    /// Puts the question by `tell`, and waits. Nobody to answer is a no.
    pub fn ask(&self, tell: impl FnOnce()) -> bool {
        {
            let mut question = self.lock();
            if matches!(*question, Question::Closed) {
                return false;
            }
            *question = Question::Open;
        }
        tell();
        let mut question = self.lock();
        loop {
            match *question {
                Question::Answered(allowed) => {
                    *question = Question::None;
                    return allowed;
                }
                Question::Closed | Question::None => return false,
                Question::Open => {
                    question = self.changed.wait(question).unwrap_or_else(PoisonError::into_inner);
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
        assert!(!fallback.ask(|| fallback.close()));
        assert!(!fallback.ask(|| panic!("nobody is there to be told")));
    }
}
