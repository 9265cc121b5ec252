//! What is wrong and what to do, of errors as the crates write them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use remedies::Remedy;
use thiserror::Error;

#[derive(Debug, Error, Remedy)]
#[error("{reason}: see {}. Look there.", .place)]
struct Inner {
    reason: &'static str,
    place: &'static str,
}

#[derive(Debug, Error, Remedy)]
enum Failure {
    #[error("{file} is empty. Choose a file that holds text.")]
    Empty { file: String },
    #[error("{} {{sic}} is {:?}. Ask {}, or wait {:>3}", .1.len(), .0, .1, "Ada")]
    Both(u8, &'static str),
    #[error("{0} and {1:?}. Ask {1}")]
    Numbered(u8, &'static str),
    #[error("{path} is full. Free some space")]
    Full { path: PathBuf },
    #[error("stopped")]
    Stopped,
    #[error(transparent)]
    Inner(Inner),
    #[error("{file}: {cause}")]
    #[remedy(cause)]
    Caused { file: String, cause: Inner },
    #[error("{what} cannot be read. {hint}")]
    Given { what: &'static str, hint: &'static str },
}

fn apart(failure: &Failure) -> (String, Option<String>) {
    (failure.problem(), failure.remedy())
}

#[test]
fn a_value_never_moves_the_cut() {
    let (problem, remedy) = apart(&Failure::Empty { file: "Smith J. 2021.txt".to_owned() });
    assert_eq!(problem, "Smith J. 2021.txt is empty");
    assert_eq!(remedy.unwrap(), "Choose a file that holds text");
    let (problem, remedy) = apart(&Failure::Full { path: PathBuf::from("/home/Dr. House/a") });
    assert_eq!(problem, "/home/Dr. House/a is full");
    assert_eq!(remedy.unwrap(), "Free some space");
}

#[test]
fn arguments_go_with_their_part() {
    let (problem, remedy) = apart(&Failure::Both(7, "Grace"));
    assert_eq!(problem, "5 {sic} is 7");
    assert_eq!(remedy.unwrap(), "Ask Grace, or wait Ada");
    let (problem, remedy) = apart(&Failure::Numbered(7, "Grace"));
    assert_eq!(problem, "7 and \"Grace\"");
    assert_eq!(remedy.unwrap(), "Ask Grace");
}

#[test]
fn an_error_inside_gives_its_own() {
    let inner = || Inner { reason: "it is torn", place: "page 3" };
    assert_eq!(inner().to_string(), "it is torn: see page 3. Look there.");
    let (problem, remedy) = apart(&Failure::Inner(inner()));
    assert_eq!((problem.as_str(), remedy.as_deref()), ("it is torn: see page 3", Some("Look there")));
    let (problem, remedy) = apart(&Failure::Caused { file: "a.b".to_owned(), cause: inner() });
    assert_eq!((problem.as_str(), remedy.as_deref()), ("a.b: it is torn: see page 3", Some("Look there")));
}

#[test]
fn no_remedy_is_none() {
    assert_eq!(apart(&Failure::Stopped), ("stopped".to_owned(), None));
    let given = |hint| Failure::Given { what: "x", hint };
    assert_eq!(given("").remedy(), None);
    assert_eq!(given("Call e.g. Ada").remedy().unwrap(), "Call e.g. Ada");
}
