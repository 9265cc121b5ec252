use std::sync::{Arc, Mutex};

use workbench::Workbench;
use workbench::wire::{self, ErrorCode, Track};

use crate::samples::{Scratch, import, text};

#[test]
fn two_programs_share_a_library() {
    let scratch = Scratch::new();
    let first = scratch.open();
    let path = std::path::PathBuf::from(first.library().unwrap().path);
    let second = Workbench::open_at(scratch.places(), &path).unwrap();
    second.save_settings(&wire::Settings { curator: "ben".into(), ..second.settings() }).unwrap();

    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    first.watch(Arc::new(move |event| ear.lock().unwrap().push(event)));
    first.look_around().unwrap();
    assert!(heard.lock().unwrap().is_empty());
    let document = import(&second, &text("1", "Clonidine", "Clonidine caused hypotension."))[0];
    first.look_around().unwrap();
    assert!(matches!(
        heard.lock().unwrap().as_slice(),
        [wire::AppEvent::LibraryChanged { library, .. }] if library.documents == 1
    ));

    // Each undoes their own work, and nobody takes the other's ground away.
    first.annotate_occurrences(document, "clonidine", "Chemical", &[]).unwrap();
    let error = second.undo(Track::Curation).unwrap_err();
    assert_eq!(error.code, ErrorCode::Overtaken);
    assert!(error.hint.contains("first"), "{error:?}");
    first.undo(Track::Curation).unwrap();
    assert!(second.undo(Track::Curation).unwrap().is_some());
    assert_eq!(first.library().unwrap().documents, 0);
}

#[test]
fn libraries_are_made_opened_copied_and_remembered() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    assert_eq!(workbench.library().unwrap().name, "First library");
    import(&workbench, &text("1", "Clonidine", "Clonidine caused hypotension."));
    let copy = scratch.path("copies/copy.osler");
    std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
    workbench.copy_library(&copy).unwrap();
    let made = workbench.create_library(&scratch.path("Ward round.osler")).unwrap();
    assert_eq!((made.name.as_str(), made.documents), ("Ward round", 0));
    let renamed = workbench.rename_library("Ward", "mornings").unwrap();
    assert_eq!((renamed.library.name.as_str(), renamed.library.description.as_str()), ("Ward", "mornings"));
    assert_eq!(
        workbench.create_library(&scratch.path("Ward round.osler")).unwrap_err().code,
        ErrorCode::BadInput
    );
    assert_eq!(workbench.open_library(&copy).unwrap().documents, 1);
    drop(workbench);

    let workbench = scratch.open();
    assert_eq!(workbench.library().unwrap().path, copy.display().to_string());
    let recent: Vec<String> = workbench.recent_libraries().into_iter().map(|library| library.name).collect();
    assert_eq!(recent, ["First library", "Ward", "First library"]);
    drop(workbench);
    std::fs::remove_file(&copy).unwrap();
    let workbench = scratch.open();
    assert_eq!(workbench.library().unwrap().name, "Ward");
    let copied =
        workbench.recent_libraries().into_iter().find(|one| one.path.ends_with("copy.osler")).unwrap();
    assert!(copied.missing);
}

#[test]
fn a_file_that_cannot_be_opened_says_why_and_the_open_library_stays() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let refused = |path: &str| workbench.open_library(std::path::Path::new(path)).unwrap_err();
    let missing = refused(&scratch.path("gone.osler").display().to_string());
    assert_eq!(missing.code, ErrorCode::NotFound);
    let stranger = refused(&scratch.write("letter.osler", "Dear colleague, this is no library at all."));
    assert_eq!(stranger.code, ErrorCode::BadInput);
    assert!(stranger.message.contains("not an Osler library"), "{stranger:?}");
    for error in [missing, stranger] {
        assert!(!error.hint.is_empty(), "{error:?}");
    }
    assert_eq!(workbench.library().unwrap().name, "First library");
}

/// Runs this one test again as a user without rights where the tests run as root, for whom nothing is write-protected.
#[cfg(unix)]
#[test]
fn a_protected_library_is_refused_in_plain_words() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const CHILD: &str = "OSLER_TEST_PROTECTED";
    if let Some(library) = std::env::var_os(CHILD) {
        let error = Scratch::new().open().open_library(std::path::Path::new(&library)).unwrap_err();
        assert_eq!(error.code, ErrorCode::LibraryReadOnly);
        assert!(error.message.contains("ward.osler") && error.hint.contains("copy"), "{error:?}");
        println!("refused");
        return;
    }
    let scratch = Scratch::new();
    let library = scratch.path("ward.osler");
    drop(scratch.open().create_library(&library).unwrap());
    // A copy of this program where anyone may run it, since the build folder may be closed to others.
    let program = scratch.path("again");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for (path, mode) in [(scratch.folder.path(), 0o755), (&program, 0o755), (&library, 0o444)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut again = std::process::Command::new(&program);
    again.args(["--exact", "processes::a_protected_library_is_refused_in_plain_words", "--nocapture"]);
    again.env(CHILD, &library).current_dir(scratch.folder.path());
    if std::fs::metadata(scratch.folder.path()).unwrap().uid() == 0 {
        again.gid(65_534).uid(65_534);
    }
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("refused"), "{said}{problems}");
}
