use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;
use sessions::{Error, Library, NewNote};

use crate::samples::{APP, Scratch, assert_sound, by, founding, import, open};

fn refusal(path: &Path) -> Error {
    Library::open(path, APP).expect_err("the file must be refused")
}

#[test]
fn a_new_library_tells_what_it_is_and_replaces_nothing() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    library.describe(by("ada", 5), "Opioid antagonists", "For the review").unwrap();
    drop(library);
    let library = scratch.open();
    let details = library.details().unwrap();
    assert_eq!((details.name.as_str(), details.author.as_str()), ("Opioid antagonists", "ada"));
    assert_eq!(details.uuid, founding().uuid);
    let error = Library::create(&scratch.path, &founding()).unwrap_err();
    assert!(matches!(&error, Error::AlreadyExists { path } if *path == scratch.path), "{error}");
    let error = Library::create(scratch.folder.path(), &founding()).unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error}");
    let error =
        Library::create(&scratch.folder.path().join("no/such/folder.osler"), &founding()).unwrap_err();
    assert!(
        matches!(&error, Error::CannotOpen { reason, .. } if reason.contains("does not exist")),
        "{error}"
    );
}

#[test]
fn the_file_alone_is_the_library() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 5);
    let dump = library.dump().unwrap();

    // While it is open.
    let copy = scratch.folder.path().join("copy.osler");
    library.copy_to(&copy).unwrap();
    assert_eq!(open(&copy).dump().unwrap(), dump);
    assert!(matches!(library.copy_to(&copy), Err(Error::AlreadyExists { .. })));

    // After it is closed: nothing is left beside it.
    drop(library);
    let moved = scratch.folder.path().join("elsewhere.osler");
    std::fs::rename(&scratch.path, &moved).unwrap();
    assert_eq!(open(&moved).dump().unwrap(), dump);
}

#[test]
fn a_name_that_leaves_no_room_for_working_files_is_told() {
    let scratch = Scratch::new();
    let path = scratch.folder.path().join(format!("{}.osler", "n".repeat(240)));
    let error = Library::create(&path, &founding()).unwrap_err();
    assert!(matches!(&error, Error::NameTooLong { length: 246, .. }), "{error}");
    assert!(error.to_string().contains("Choose a shorter name"), "{error}");
    // One that fits works with all that lies beside it.
    let path = scratch.folder.path().join(format!("{}.osler", "n".repeat(224)));
    let mut library = Library::create(&path, &founding()).unwrap();
    import(&mut library, "ada", 0, 1);
    assert_eq!(library.repair().unwrap().after, Vec::<String>::new());
}

/// A copy, a backup and what is made anew may be read by whom the library may be read by, and no one else.
#[cfg(unix)]
#[test]
fn copies_keep_the_rights_of_the_library() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let library = scratch.create();
    std::fs::set_permissions(&scratch.path, PermissionsExt::from_mode(0o600)).unwrap();
    let copy = scratch.folder.path().join("copy.osler");
    library.copy_to(&copy).unwrap();
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A library holds what clinicians write about patients: its file and the working files beside it are their owner's alone.
#[cfg(unix)]
#[test]
fn a_new_library_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 3);
    library.copy_to(&scratch.folder.path().join("copy.osler")).unwrap();
    library.repair().unwrap();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(scratch.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        seen.push(entry.file_name().to_string_lossy().into_owned());
    }
    seen.sort();
    assert_eq!(
        seen,
        ["copy.osler", "ward.before-repair.osler", "ward.osler", "ward.osler-shm", "ward.osler-wal"]
    );
}

#[test]
fn a_damaged_index_is_repaired_and_the_file_from_before_is_kept() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 3);
    let dump = library.dump().unwrap();
    drop(library);
    let connection = Connection::open(&scratch.path).unwrap();
    connection
        .execute_batch(
            "INSERT INTO documents_words (documents_words) VALUES ('delete-all'); UPDATE tallies SET n = 70",
        )
        .unwrap();
    drop(connection);
    let mut library = scratch.open();
    assert!(library.search("naloxone", 10).unwrap().documents.is_empty());
    let repaired = library.repair().unwrap();
    assert!(repaired.before.len() >= 2, "{repaired:?}");
    assert_eq!(repaired.after, Vec::<String>::new());
    assert_eq!(library.search("naloxone", 10).unwrap().documents.len(), 3);
    assert_eq!(library.counts("ada").unwrap().documents, 3);
    assert_eq!(library.dump().unwrap(), dump);
    assert_eq!(repaired.copy, scratch.folder.path().join("ward.before-repair.osler"));
    assert!(!open(&repaired.copy).check().unwrap().is_empty(), "the copy is from before");
    // A second repair replaces no copy.
    assert_eq!(library.repair().unwrap().copy, scratch.folder.path().join("ward.before-repair-2.osler"));
}

#[test]
fn compacting_gives_room_back_and_loses_nothing() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 300);
    library.undo(by("ada", 2), sessions::Track::Curation).unwrap().unwrap();
    import(&mut library, "ada", 300, 310);
    let dump = library.dump().unwrap();
    let done = library.compact().unwrap();
    assert!(done.bytes_after * 2 < done.bytes_before, "{done:?}");
    assert_eq!(library.dump().unwrap(), dump);
    assert_sound(&library);
    let on_disk = std::fs::metadata(&scratch.path).unwrap().len();
    assert_eq!(on_disk, done.bytes_after);
}

#[test]
fn what_is_not_a_library_is_refused_and_left_as_it_is() {
    let scratch = Scratch::new();
    let folder = scratch.folder.path();
    assert!(matches!(refusal(&folder.join("missing.osler")), Error::NoSuchFile { .. }));
    assert!(matches!(refusal(folder), Error::NotALibrary { reason: "it is a folder", .. }));

    let check = |name: &str, bytes: &[u8], reason: &str| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = refusal(&path);
        assert!(matches!(&error, Error::NotALibrary { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains(name) && message.contains(reason) && message.contains("Choose"),
            "{message}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name} was changed");
    };
    check("empty.osler", b"", "it is empty");
    check("letter.osler", b"Dear colleague", "first bytes");
    check("picture.osler", &[0x89; 70_000], "first bytes");

    let other = folder.join("other.osler");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE notes (id INTEGER)").unwrap();
    let error = refusal(&other);
    assert!(
        matches!(&error, Error::NotALibrary { reason, .. } if reason.contains("another program")),
        "{error}"
    );
}

#[test]
fn a_newer_library_is_refused_by_version_and_left_as_it_is() {
    let scratch = Scratch::new();
    drop(scratch.create());
    let connection = Connection::open(&scratch.path).unwrap();
    connection.execute_batch("UPDATE library SET app_version = '9.4.2'; PRAGMA user_version = 900").unwrap();
    drop(connection);
    let before = std::fs::read(&scratch.path).unwrap();
    let error = refusal(&scratch.path);
    assert!(matches!(&error, Error::TooNew { found: 900, .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("newer Osler (9.4.2)") && message.contains("Update Osler"), "{message}");
    assert_eq!(std::fs::read(&scratch.path).unwrap(), before);
}

#[test]
fn a_cut_off_library_is_refused() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 30);
    drop(library);
    let whole = std::fs::read(&scratch.path).unwrap();
    for length in [700, 5_000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&scratch.path, &whole[..length]).unwrap();
        let error = refusal(&scratch.path);
        assert!(matches!(&error, Error::Damaged { .. }), "{length}: {error}");
        assert!(error.to_string().contains("make a copy"), "{error}");
    }
}

#[test]
fn a_damaged_library_is_named_and_never_crashes() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    import(&mut library, "ada", 0, 60);
    drop(library);
    let whole = std::fs::read(&scratch.path).unwrap();
    let mut refused = 0;
    // One page after the other is overwritten: either a query says so, or the check does, or the page held nothing.
    let pages: Vec<usize> = (1..whole.len() / 4096).collect();
    for page in &pages {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xA5);
        std::fs::write(&scratch.path, &bytes).unwrap();
        let outcome = Library::open(&scratch.path, APP).and_then(|mut library| {
            library.dump()?;
            library.search("naloxone", 10)?;
            library.import(by("ada", 9), &[])?;
            let lines = library.check()?;
            Ok(lines.is_empty())
        });
        match outcome {
            Ok(sound) => refused += usize::from(!sound),
            Err(error) => {
                assert!(
                    matches!(error, Error::Damaged { .. } | Error::Database { .. }),
                    "page {page}: {error}"
                );
                refused += 1;
            }
        }
    }
    assert!(refused * 10 >= pages.len() * 9, "{refused} of {} damaged pages were noticed", pages.len());
}

#[test]
fn a_library_that_another_program_holds_is_named() {
    let scratch = Scratch::new();
    let mut library = Library::open_waiting(
        {
            drop(scratch.create());
            &scratch.path
        },
        APP,
        Duration::from_millis(20),
    )
    .unwrap();

    // A writer that does not come to an end.
    let other = Connection::open(&scratch.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = library.describe(by("ada", 1), "x", "").unwrap_err();
    assert!(matches!(&error, Error::Locked { path } if *path == scratch.path), "{error}");
    assert!(error.to_string().contains("Close the other program"), "{error}");
    // Reading goes on meanwhile, and so does opening.
    assert_eq!(library.details().unwrap().name, "Ward round");
    drop(Library::open_waiting(&scratch.path, APP, Duration::from_millis(20)).unwrap());
    other.execute_batch("ROLLBACK").unwrap();
    library.describe(by("ada", 1), "x", "").unwrap();
    drop((library, other));

    // A program that takes the file for itself.
    let other = Connection::open(&scratch.path).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM places; COMMIT")
        .unwrap();
    let error = Library::open_waiting(&scratch.path, APP, Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
}

/// Runs this one test again as a user without rights where the tests run as root, for whom nothing is write-protected.
#[cfg(unix)]
#[test]
fn write_protection_of_file_and_folder_is_told_apart() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const CHILD: &str = "OSLER_TEST_PROTECTED";
    if let Some(folder) = std::env::var_os(CHILD) {
        let folder = Path::new(&folder);
        let file = folder.join("file/ward.osler");
        let error = refusal(&file);
        assert!(matches!(&error, Error::ReadOnlyFile { path } if *path == file), "{error}");
        assert!(error.to_string().contains("copy it to a folder of your own"), "{error}");
        let error = refusal(&folder.join("folder/ward.osler"));
        assert!(
            matches!(&error, Error::ReadOnlyFolder { folder: named } if *named == folder.join("folder")),
            "{error}"
        );
        let error = Library::create(&folder.join("folder/new.osler"), &founding()).unwrap_err();
        assert!(matches!(error, Error::ReadOnlyFolder { .. }), "{error}");
        let error = refusal(&folder.join("secret/ward.osler"));
        assert!(matches!(error, Error::CannotOpen { .. }), "{error}");
        println!("protected");
        return;
    }
    let scratch = Scratch::new();
    drop(scratch.create());
    let set =
        |path: &Path, mode: u32| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let root = scratch.folder.path();
    set(root, 0o755);
    for (folder, folder_mode, file_mode) in
        [("file", 0o777, 0o444), ("folder", 0o555, 0o666), ("secret", 0o777, 0o000)]
    {
        let folder = root.join(folder);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(&scratch.path, folder.join("ward.osler")).unwrap();
        set(&folder.join("ward.osler"), file_mode);
        set(&folder, folder_mode);
    }
    // A copy of this program where anyone may run it, since the build folder may be closed to others.
    let program = root.join("again");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    set(&program, 0o755);
    let mut again = Command::new(&program);
    again.args(["--exact", "files::write_protection_of_file_and_folder_is_told_apart", "--nocapture"]);
    again.env(CHILD, root).current_dir(root);
    if std::fs::metadata(root).unwrap().uid() == 0 {
        again.gid(65_534).uid(65_534);
    }
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("protected"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    set(&root.join("folder"), 0o755);
}

/// A real full disk: a file system of 2 MB, where the tests may make one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_harms_nothing() {
    struct Mounted(std::path::PathBuf);
    impl Drop for Mounted {
        fn drop(&mut self) {
            // Nothing else can be done about a mount that stays.
            let _ = Command::new("umount").arg(&self.0).status();
        }
    }
    let scratch = Scratch::new();
    let disk = scratch.folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&disk).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: the right to mount a small file system not found");
        return;
    }
    let _mounted = Mounted(disk.clone());
    let path = disk.join("ward.osler");
    let mut library = Library::create(&path, &founding()).unwrap();
    let text = "A note that takes some room. ".repeat(300);
    let mut written = 0;
    let error = loop {
        match library.write_note(by("ada", written), &NewNote { text: &text, ..NewNote::default() }) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, Error::DiskFull { path: full } if *full == path), "{error}");
    assert!(error.to_string().contains("Free some space"), "{error}");
    assert!(written > 5, "{written}");
    let error = library.copy_to(&disk.join("copy.osler")).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert_eq!(library.notes(None).unwrap().len() as i64, written);
    drop(library);

    // Opened again on the full disk, and after more space came.
    let grow = Command::new("mount").args(["-o", "remount,size=20m"]).arg(&disk).status().unwrap();
    assert!(grow.success());
    let mut library = open(&path);
    assert_eq!(library.notes(None).unwrap().len() as i64, written);
    library.write_note(by("ada", written), &NewNote { text: &text, ..NewNote::default() }).unwrap();
    assert_sound(&library);
    drop(library);

    // No room for even a new library: no half of one is left.
    std::fs::write(disk.join("filler"), vec![0; 30 << 20]).unwrap_err();
    let error = Library::create(&disk.join("second.osler"), &founding()).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert!(!disk.join("second.osler").exists());
}
