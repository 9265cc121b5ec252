//! A workbench for one command: its folders, its library, its model, and how to listen to it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use devices::Request;
use indicatif::{ProgressBar, ProgressStyle};
use workbench::wire::{
    DeviceChoice, DuplicateChoice, Ending, HostError, Id, ImportPreview, PreviewEvent, SameBy, Settings,
    StreamItem, Streamed,
};
use workbench::{AppPaths, Sink, Workbench};

use crate::temporary::Temporary;

use crate::Failure;

/// Which model, and where it computes: the same for every command that asks one.
#[derive(Debug, Default, clap::Args)]
pub struct ModelOption {
    /// A model's id (`models list`) or folder; `scripted` needs none. The one that came with Osler if absent.
    #[arg(long)]
    model: Option<String>,
    /// A model that finds the names for it (id or folder), such as a tuned BioBERT; the model itself and the dictionaries do
    /// if absent.
    #[arg(long)]
    names: Option<String>,
    /// auto, cpu, gpu, gpu:N or software.
    #[arg(long)]
    device: Option<String>,
}

impl ModelOption {
    /// Whether a model was named.
    pub const fn is_given(&self) -> bool {
        self.model.is_some()
    }

    /// Whether another device than the processor is asked for by name.
    pub fn is_elsewhere(&self) -> bool {
        self.device.as_deref().is_some_and(|device| !matches!(device, "auto" | "cpu"))
    }

    /// Whether one that finds names was.
    pub const fn names_are_given(&self) -> bool {
        self.names.is_some()
    }
}

/// How files are read: the same for every command that reads some.
#[derive(Debug, Default, clap::Args)]
pub struct ReadOption {
    /// The column of a table (CSV, TSV) that holds the text, where it is not called title, abstract or text.
    #[arg(long)]
    column: Option<String>,
}

/// What is done with documents that a library has already in another form.
#[derive(Debug, Default, Clone, Copy, clap::Args)]
pub struct DuplicateOption {
    /// What to do with documents of the same PMID or DOI, or of nearly the same text, as one in the library: keep (both), skip,
    /// or update (the record of the one that is there; its text and decisions stay).
    #[arg(long, default_value = "keep", value_parser = duplicate_choice)]
    duplicates: DuplicateChoice,
}

fn duplicate_choice(text: &str) -> Result<DuplicateChoice, String> {
    match text {
        "keep" => Ok(DuplicateChoice::Keep),
        "skip" => Ok(DuplicateChoice::Skip),
        "update" => Ok(DuplicateChoice::Update),
        _ => Err(format!("`{text}` is not keep, skip or update")),
    }
}

/// Duplicates are listed one by one up to so many.
const TOLD: usize = 20;

/// A workbench, and the folder that goes away with it.
pub struct CliSession {
    pub workbench: Workbench,
    _temporary: Temporary,
}

impl CliSession {
    /// Over the folders of this user: for models.
    pub fn installed() -> Result<Self, Failure> {
        let places = places()?;
        let folder = Temporary::new(&places.cache)?;
        let workbench = Workbench::open_at(places, &folder.path().join("none.osler")).map_err(failure)?;
        Ok(Self { workbench, _temporary: folder })
    }

    /// Over a library, which is made if there is none; over one for this command alone without a name. `settings` hold
    /// for this command only.
    pub fn open(
        library: Option<&Path>,
        model: &ModelOption,
        settings: impl FnOnce(&mut Settings),
    ) -> Result<Self, Failure> {
        let places = places()?;
        let folder = Temporary::new(&places.cache)?;
        let own = folder.path().join("documents.osler");
        let places = AppPaths { config: folder.path().join("config"), ..places };
        let workbench = Workbench::open_at(places, library.unwrap_or(&own)).map_err(failure)?;
        let mut changed = Settings { curator: curator(), ..workbench.settings() };
        if let Some(device) = &model.device {
            // Told at once when it is not a device's name.
            device.parse::<Request>()?;
            if device != "auto" {
                changed.device =
                    DeviceChoice::Device { id: device.replace("gpu", "gpu:0").replace("gpu:0:", "gpu:") };
            }
        }
        settings(&mut changed);
        workbench.save_settings(&changed).map_err(failure)?;
        match &model.model {
            Some(folder) if Path::new(folder).is_dir() => drop(workbench.use_folder(Path::new(folder))),
            Some(id) => drop(workbench.use_model(id).map_err(failure)?),
            None => {}
        }
        match &model.names {
            Some(folder) if Path::new(folder).is_dir() => workbench.use_names_of_folder(Path::new(folder)),
            Some(id) => workbench.use_names(Some(id)).map_err(failure)?,
            None => {}
        }
        Ok(Self { workbench, _temporary: folder })
    }

    /// Over a library that is there.
    pub fn existing(library: &Path, model: &ModelOption) -> Result<Self, Failure> {
        let meant = workbench::library::meant(library);
        if std::fs::metadata(&meant).is_err() {
            return Err(format!(
                "there is no library {}. `osler-cli batch` and `extract --library` make one",
                library.display()
            )
            .into());
        }
        if std::fs::metadata(&meant).is_ok_and(|about| about.is_file() && about.len() == 0) {
            // Opening it would make one there, and who names a library to be read expects it to hold something.
            return Err(format!("{} is empty: it is no library yet", meant.display()).into());
        }
        Self::open(Some(&meant), model, |_| ())
    }

    /// Brings files into the library; reports on standard error what could not be read, and, where `duplicates` says what to do
    /// with them, what is there already in another form. One bad file does not stop the others: see [`Brought::conclude`].
    pub fn import(
        &self,
        files: &[PathBuf],
        read: &ReadOption,
        duplicates: Option<DuplicateOption>,
    ) -> Result<Brought, Failure> {
        let mut preview: Option<ImportPreview> = None;
        listen(
            |sink| self.workbench.preview_files("preview", files, &|_| read.column.clone(), sink),
            |event| {
                if let PreviewEvent::Preview { preview: found } = event {
                    preview = Some(found);
                }
            },
        )?;
        let preview = preview.ok_or("nothing was read")?;
        let mut refused = Vec::new();
        for file in &preview.files {
            file.notices.iter().for_each(|notice| eprintln!("{}: {notice}", file.name));
            if let Some(refusal) = &file.refusal {
                eprintln!("{}: {}", file.name, text(refusal));
                if let Some(column) = file.columns.last() {
                    eprintln!("Here it is chosen by --column, such as --column \"{column}\".");
                }
                refused.push(file.name.clone());
            }
        }
        for issue in &preview.issues {
            eprintln!("{}, {}: {} {}", issue.file, issue.place, issue.message, issue.remedy);
        }
        if preview.further_issues > 0 {
            eprintln!("and {} more", preview.further_issues);
        }
        if let Some(option) = duplicates {
            tell_duplicates(&preview, option.duplicates);
        }
        let choice = duplicates.unwrap_or_default().duplicates;
        let mut documents = self.workbench.import_all(&preview.id, choice).map_err(failure)?;
        let (all, mut seen) = (documents.len(), HashSet::new());
        documents.retain(|document| seen.insert(*document));
        if all > documents.len() && choice == DuplicateChoice::Keep {
            let twins = all - documents.len();
            eprintln!(
                "{twins} of {all} documents have the text and the annotations of another one here: each is taken once"
            );
        }
        let brought = Brought { documents, refused };
        if brought.documents.is_empty() { brought.conclude().map(|()| brought) } else { Ok(brought) }
    }
}

fn tell_duplicates(preview: &ImportPreview, choice: DuplicateChoice) {
    let done = match choice {
        DuplicateChoice::Keep => "both are kept",
        DuplicateChoice::Skip => "it is not imported",
        DuplicateChoice::Update => "the record of that one is brought up to date",
    };
    for one in preview.duplicates.iter().take(TOLD) {
        let by = match (one.by, one.similarity) {
            (SameBy::Pmid, _) => "has the PMID of".to_owned(),
            (SameBy::Doi, _) => "has the DOI of".to_owned(),
            (SameBy::Text, similarity) => {
                format!("has {:.0} % of its text in common with", 100.0 * similarity.unwrap_or_default())
            }
        };
        let place = if one.document.is_some() { "in the library" } else { "in these files" };
        eprintln!(
            "{} ({}) {by} {} ({}) {place}: {done}",
            one.source_id, one.title, one.of_source_id, one.of_title
        );
    }
    let further = preview.duplicates.len().saturating_sub(TOLD) + preview.further_duplicates as usize;
    if further > 0 {
        eprintln!("and {further} more are there already: {}", done.replace("it is", "they are"));
    }
}

/// What came of an import.
pub struct Brought {
    /// The documents in the order of the files, also those that were in the library already; each once.
    pub documents: Vec<Id>,
    /// Names of files that could not be read.
    refused: Vec<String>,
}

impl Brought {
    /// An error if something could not be read, for the end of a command that has worked on the rest.
    pub fn conclude(&self) -> Result<(), Failure> {
        match &self.refused[..] {
            [] => Ok(()),
            [one] => Err(format!("{one} could not be read: see above for the reason").into()),
            many => Err(format!("{} files could not be read: {}", many.len(), many.join(", ")).into()),
        }
    }
}

/// The folder of a model: one that is given as it is, or that of an installed model's id.
pub fn model_folder(model: &str) -> Result<PathBuf, Failure> {
    let folder = PathBuf::from(model);
    if folder.is_dir() {
        return Ok(folder);
    }
    let is_path = folder.components().count() > 1;
    CliSession::installed()?.workbench.model_folder(model).map_err(|cause| match is_path {
        true => {
            format!("there is no folder {model}. Give a model's folder, or an id of `models list`").into()
        }
        false => failure(cause),
    })
}

/// Runs a streamed call; `hear` gets its events in order, on this thread.
pub fn listen<Event: Send + 'static>(
    call: impl FnOnce(Sink<Event>) + Send,
    mut hear: impl FnMut(Event),
) -> Result<(), Failure> {
    let (sender, receiver) = std::sync::mpsc::channel::<Streamed<Event>>();
    // A sink is shared between threads, a sender is not.
    let sender = Mutex::new(sender);
    let sink: Sink<Event> = Arc::new(move |event| {
        // Nobody listens any more only when this command has failed.
        let _ = sender.lock().unwrap_or_else(PoisonError::into_inner).send(event);
    });
    std::thread::scope(|scope| {
        scope.spawn(move || call(sink));
        let mut ended = Err("the work vanished".into());
        for event in receiver {
            match event.item {
                StreamItem::Event(event) => hear(event),
                StreamItem::Ending(Ending::Finished) => ended = Ok(()),
                StreamItem::Ending(Ending::Stopped) => ended = Err("stopped".into()),
                StreamItem::Ending(Ending::Failed { error }) => ended = Err(failure(error)),
            }
        }
        ended
    })
}

/// An error with its remedy.
pub fn failure(error: HostError) -> Failure {
    text(&error).into()
}

pub fn text(error: &HostError) -> String {
    format!("{} {}", error.message, error.hint).trim().to_owned()
}

/// A bar on standard error; hidden when that is no terminal.
pub fn bar(total: u64) -> Result<ProgressBar, Failure> {
    let bar = ProgressBar::new(total);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")?);
    Ok(bar)
}

/// The folders of this user: below `OSLER_HOME`, or where the system keeps such things; models and dictionaries that came
/// with Osler.
pub fn places() -> Result<AppPaths, Failure> {
    let home = match std::env::var_os("OSLER_HOME") {
        Some(home) => PathBuf::from(home),
        None => user_data()
            .ok_or("the home folder is not known: set OSLER_HOME to a folder of your own")?
            .join("osler"),
    };
    let mut places = AppPaths::below(home);
    if let Some(models) = models()? {
        // Named as files: they must be there, since names and texts would be missed without them.
        places.dictionaries.push(models.join("terms/builtin.terms"));
        places.dictionaries.push(models.join("glossary/builtin.glossary"));
        places.dictionaries.push(models.join("terms"));
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(&models)?.flatten().map(|entry| entry.path()).collect();
        folders.retain(|folder| folder.join("manifest.json").is_file());
        folders.sort_by_key(|folder| (!folder.ends_with("starter"), folder.clone()));
        places.models = folders;
    }
    places.dictionaries.push(places.data.join("dictionaries"));
    Ok(places)
}

fn user_data() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if cfg!(target_os = "windows") {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        Some(folder("HOME")?.join("Library/Application Support"))
    } else {
        folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))
    }
}

/// The folder of models that came with Osler: the one that `OSLER_MODELS` names, else beside this program, else in the
/// checkout that one works in.
fn models() -> Result<Option<PathBuf>, Failure> {
    if let Some(folder) = std::env::var_os("OSLER_MODELS").map(PathBuf::from) {
        if folder.is_dir() {
            return Ok(Some(folder));
        }
        return Err(format!("OSLER_MODELS names {}, which is no folder", folder.display()).into());
    }
    let program = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let above = program.iter().chain(&here).flat_map(|path| path.ancestors());
    Ok(above.map(|folder| folder.join("models")).find(|folder| folder.join("terms").is_dir()))
}

/// Who signs what is written: the system's name for the user.
fn curator() -> String {
    ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}
