//! Files on their way out: whole or not at all, whatever happens meanwhile and whoever else writes there.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{self, Result, bad_input};

/// Writes a file so that it is either the old or the new one. What is no file (a pipe, a device such as `/dev/stdout`) is
/// written into and not replaced; behind a link the file that it leads to is replaced, and not the link.
///
/// # Errors
/// When the folder cannot be made or the file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |cause: std::io::Error| error::file("Osler could not write", path, &cause);
    if is_stream(path) {
        return OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut stream| {
                stream.write_all(bytes)?;
                stream.flush()
            })
            .map_err(failed);
    }
    if path.is_dir() {
        return Err(bad_input(
            format!("{} is a folder.", path.display()),
            "Choose the name of a file, in this folder or another one.",
        ));
    }
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(failed)?;
    let (mut unfinished, usual) = unfinished(folder).map_err(failed)?;
    unfinished
        .write_all(bytes)
        .and_then(|()| unfinished.as_file().sync_all())
        .and_then(|()| {
            // Who might read the old one may read the new one.
            let rights = fs::metadata(path).map_or(usual, |old| old.permissions());
            unfinished.as_file().set_permissions(rights)
        })
        .map_err(failed)?;
    unfinished.persist(path).map_err(|refusal| failed(refusal.error))?;
    Ok(())
}

/// Writes what Osler keeps about itself (settings, recent libraries, models) into a file.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_whole(path, format!("{:#}", error::as_json(value)?).as_bytes())
}

/// Reads it; the usual value where there is no such file, or it cannot be read. What cannot be understood is kept beside the next
/// one, as `NAME.json.unread`.
pub(crate) fn read_json<T: DeserializeOwned + Default>(path: &Path) -> T {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) => {
            if cause.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(%cause, name = ?path.file_name(), "a file of Osler's own cannot be read");
            }
            return T::default();
        }
    };
    serde_json::from_slice(&bytes).unwrap_or_else(|cause| {
        tracing::warn!(%cause, name = ?path.file_name(), "a file of Osler's own cannot be understood");
        if let Err(cause) = fs::rename(path, path.with_extension("json.unread")) {
            tracing::warn!(%cause, "nor can it be kept");
        }
        T::default()
    })
}

/// Writes files into a new folder, which appears with all of them or not at all.
///
/// # Errors
/// When there is something of that name already, or the files cannot be written.
pub fn write_folder(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let failed = |cause: std::io::Error| error::file("Osler could not write", folder, &cause);
    let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if folder.exists() && !is_empty {
        return Err(bad_input(
            format!("{} is there already and was left alone.", folder.display()),
            "This format writes a folder of files: choose a new name.",
        ));
    }
    let parent = folder_of(folder);
    fs::create_dir_all(parent).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".osler-").suffix(".part");
    let unfinished = builder.tempdir_in(parent).map_err(failed)?;
    for (name, bytes) in files {
        let written = File::create(unfinished.path().join(name)).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(failed)?;
    }
    if is_empty {
        // Not every system renames onto an empty folder.
        fs::remove_dir(folder).map_err(failed)?;
    }
    fs::rename(unfinished.path(), folder).map_err(failed)?;
    // It has another name now: there is nothing left to remove.
    let _ = unfinished.keep();
    Ok(())
}

/// Whether something is there that is neither file nor folder, or a way to an open file of this process.
fn is_stream(path: &Path) -> bool {
    let is_other = fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir());
    let is_open_file = ["/dev/", "/proc/"].iter().any(|root| path.starts_with(root));
    is_other || (is_open_file && path.exists())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// An empty file in `folder` that its owner alone may read, and the rights that a file has there usually.
fn unfinished(folder: &Path) -> std::io::Result<(tempfile::NamedTempFile, fs::Permissions)> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".osler-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
        let usual = file.as_file().metadata()?.permissions();
        // Before anything is in it.
        file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
        Ok((file, usual))
    }
    #[cfg(not(unix))]
    {
        let file = builder.tempfile_in(folder)?;
        let usual = file.as_file().metadata()?.permissions();
        Ok((file, usual))
    }
}

/// What must not be written over by an export, though it was asked for: the open library and what lies beside it, other
/// libraries, and `sources`, the files that the export was made from.
///
/// # Errors
/// Names the file and what it is.
pub(crate) fn guard(target: &Path, library: &Path, sources: &[PathBuf]) -> Result<()> {
    let refused = |what: &str| {
        Err(bad_input(
            format!("{} is {what}, and was left alone.", target.display()),
            "Choose another name for the export.",
        ))
    };
    let same = |other: &Path| match (fs::canonicalize(target), fs::canonicalize(other)) {
        (Ok(target), Ok(other)) => target == other,
        // What is not there yet may still be the name of a working file.
        _ => std::path::absolute(target).ok() == std::path::absolute(other).ok(),
    };
    if same(library) {
        return refused("the open library");
    }
    for working in ["-wal", "-shm", "-journal"] {
        let mut beside = library.as_os_str().to_os_string();
        beside.push(working);
        if same(Path::new(&beside)) {
            return refused("a working file of the open library");
        }
    }
    if is_stream(target) {
        return Ok(());
    }
    let begins_with = |path: &Path, bytes: &[u8]| {
        let mut start = vec![0; bytes.len()];
        File::open(path)
            .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start))
            .is_ok_and(|()| start == bytes)
    };
    if target.is_file() && begins_with(target, b"SQLite format 3\0") {
        return refused("a library or another database");
    }
    match sources.iter().any(|source| same(source)) {
        true => refused("one of the files that were read"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn pipes_are_written_into_and_links_lead_on() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");

        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        write_whole(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), b"through");
        assert!(!fs::metadata(&pipe).unwrap().is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "a working file is left");
    }

    /// Nobody else reads an export while it is written; then it has the rights that the user's files have.
    #[cfg(unix)]
    #[test]
    fn what_is_not_finished_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, usual) = unfinished(folder.path()).unwrap();
        assert_eq!(file.as_file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let (plain, export) = (folder.path().join("plain"), folder.path().join("export"));
        fs::write(&plain, "as any program writes it").unwrap();
        assert_eq!(usual, fs::metadata(&plain).unwrap().permissions());
        write_whole(&export, b"text").unwrap();
        assert_eq!(fs::metadata(&export).unwrap().permissions(), usual);
    }

    #[test]
    fn many_that_write_one_file_disturb_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.jsonl");
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let file = &file;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write_whole(file, &vec![writer; 10_000]).unwrap();
                    }
                });
            }
        });
        let written = fs::read(&file).unwrap();
        assert!(written.len() == 10_000 && written.iter().all(|byte| *byte == written[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_comes_whole_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ward = folder.path().join("ward");
        let files = [("a.txt".to_owned(), b"a".to_vec()), ("a.ann".to_owned(), Vec::new())];
        write_folder(&ward, &files).unwrap();
        assert_eq!(fs::read_dir(&ward).unwrap().count(), 2);
        assert!(write_folder(&ward, &files).unwrap_err().message.contains("there already"));
        let impossible = [("no/such/folder.txt".to_owned(), Vec::new())];
        assert!(write_folder(&folder.path().join("other"), &impossible).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "half a folder is left");
    }

    #[test]
    fn libraries_and_sources_are_no_targets() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("open.osler"), b"SQLite format 3\0...").unwrap();
        fs::write(at("other.db"), b"SQLite format 3\0...").unwrap();
        fs::write(at("input.xml"), b"<collection/>").unwrap();
        fs::write(at("old.jsonl"), b"{}").unwrap();
        let check = |name: &str| guard(&at(name), &at("open.osler"), &[at("input.xml")]);
        for refused in
            ["open.osler", "open.osler-wal", "open.osler-shm", "other.db", "input.xml", "../open.osler"]
        {
            let name = refused.replace("..", folder.path().to_str().unwrap());
            assert!(
                guard(&folder.path().join(name), &at("open.osler"), &[at("input.xml")]).is_err(),
                "{refused}"
            );
        }
        for allowed in ["old.jsonl", "new.jsonl"] {
            assert!(check(allowed).is_ok(), "{allowed}");
        }
    }
}
