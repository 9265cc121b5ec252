//! The one value that a client holds.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sessions::Library;

use crate::app_paths::AppPaths;
use crate::batches::Runner;
use crate::engine::{Ask, Fallback};
use crate::error::Result;
use crate::import::Previews;
use crate::jobs::{Jobs, Sink};
use crate::library::{self, Names, OpenLibrary, Recent};
use crate::model_host::{ModelHost, Today};
use crate::settings::SettingsFile;
use crate::wire;

/// Hears what the host says by itself.
pub type Watcher = Arc<dyn Fn(wire::AppEvent) + Send + Sync>;

type Watchers = Arc<Mutex<Vec<Watcher>>>;

/// Everything Osler does, behind one door. Methods have the names of the commands in `ui/src/host/tauri.ts`; they block, and
/// may be called from any thread.
pub struct Workbench {
    pub(crate) places: AppPaths,
    pub(crate) jobs: Jobs,
    pub(crate) settings: SettingsFile,
    pub(crate) names: Arc<Names>,
    pub(crate) model_host: Arc<ModelHost>,
    today: Today,
    pub(crate) batches: Runner,
    current: RwLock<OpenLibrary>,
    recent: Recent,
    pub(crate) previews: Previews,
    pub(crate) watchers: Watchers,
    fallback: Arc<Fallback>,
    /// The question that waits for its answer, for a page that was loaded anew.
    asked: Arc<Mutex<Option<wire::AppEvent>>>,
    notices: Vec<wire::StartNotice>,
}

impl std::fmt::Debug for Workbench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workbench").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Workbench {
    /// Opens the library that was open last, or makes the first one.
    ///
    /// # Errors
    /// When no library can be opened or made.
    pub fn open(places: AppPaths) -> Result<Self> {
        let settings = SettingsFile::read(&places.config);
        let recent = Recent::read(&places.config);
        let names = Arc::new(Names::new(&places.dictionaries));
        let mut notices = Vec::new();
        let last =
            recent.list().into_iter().find(|library| !library.missing).map(|last| PathBuf::from(last.path));
        let opened = match last.map(|path| library::open(&path, &places)) {
            Some(Ok(library)) => library,
            Some(Err(error)) => {
                let message =
                    format!("{} {} Osler opened the first library instead.", error.message, error.hint);
                notices.push(wire::StartNotice::AfterCrash { message });
                first_library(&places, &settings.get())?
            }
            None => first_library(&places, &settings.get())?,
        };
        let today = Today::default();
        let (ours, clock) = (Arc::clone(&names), Arc::clone(&places.clock));
        let current = OpenLibrary::new(opened, &settings.get().curator, ours, clock, today.clone());
        let (watchers, fallback, asked) = (Watchers::default(), Arc::default(), Arc::default());
        let ask = asking(&watchers, &fallback, &asked);
        let workbench = Self {
            asked,
            today: today.clone(),
            model_host: Arc::new(ModelHost::start(&places, &settings.get(), &today, ask)),
            batches: Runner::default(),
            places,
            jobs: Jobs::default(),
            settings,
            names,
            current: RwLock::new(current),
            recent,
            previews: Previews::default(),
            watchers,
            fallback,
            notices,
        };
        workbench.note_opened()?;
        Ok(workbench)
    }

    /// The same over a library that the client names, which becomes the open one. It is made if there is none.
    ///
    /// # Errors
    /// As [`Workbench::open`].
    pub fn open_at(places: AppPaths, library: &Path) -> Result<Self> {
        let settings = SettingsFile::read(&places.config);
        let opened = library::open_or_create(library, &settings.get().curator, &places)?;
        let names = Arc::new(Names::new(&places.dictionaries));
        let today = Today::default();
        let (ours, clock) = (Arc::clone(&names), Arc::clone(&places.clock));
        let current = OpenLibrary::new(opened, &settings.get().curator, ours, clock, today.clone());
        let (watchers, fallback, asked) = (Watchers::default(), Arc::default(), Arc::default());
        let ask = asking(&watchers, &fallback, &asked);
        Ok(Self {
            asked,
            today: today.clone(),
            model_host: Arc::new(ModelHost::start(&places, &settings.get(), &today, ask)),
            batches: Runner::default(),
            jobs: Jobs::default(),
            settings,
            names,
            current: RwLock::new(current),
            recent: Recent::read(&places.config),
            previews: Previews::default(),
            watchers,
            fallback,
            notices: Vec::new(),
            places,
        })
    }

    /// The open library, for work that goes on when another one is opened.
    #[must_use]
    pub fn opened(&self) -> OpenLibrary {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The streamed calls under way.
    #[must_use]
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Asks a streamed call to stop; its ending still comes.
    pub fn cancel(&self, job: &str) {
        self.jobs.cancel(job);
    }

    /// Hears from now on what the host says by itself.
    pub fn watch(&self, watcher: Watcher) {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    /// Tells every client something.
    pub fn tell(&self, event: &wire::AppEvent) {
        for watcher in self.watchers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            watcher(event.clone());
        }
    }

    /// Everything a client shows first. `opened` are the files that the system asked Osler to open.
    ///
    /// # Errors
    /// Those of the library.
    pub fn startup(&self, engine: wire::EngineStatus, opened: Vec<String>) -> Result<wire::Startup> {
        let current = self.opened();
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(question) = asked.filter(|_| self.fallback.is_open()) {
            // Whoever was asked before is gone; the engine waits for the answer.
            self.tell(&question);
        }
        Ok(wire::Startup {
            version: self.places.version.clone(),
            settings: self.settings(),
            library: current.library()?,
            recent: self.recent_libraries(),
            engine,
            place: current.last_place()?,
            notices: self.notices(),
            opened,
        })
    }

    /// What the last start left to say.
    #[must_use]
    pub fn notices(&self) -> Vec<wire::StartNotice> {
        self.notices.clone()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> wire::Settings {
        self.settings.get()
    }

    /// Saves the settings.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_settings(&self, settings: &wire::Settings) -> Result<()> {
        self.opened().set_curator(&settings.curator);
        self.model_host.apply_settings(&self.settings.get(), settings);
        self.settings.save(settings)
    }

    /// Answers [`wire::AppEvent::AskFallback`]. Where the processor may take over it stays the chosen device, so that the next
    /// start does not fail the same way. Gives the settings as they are then.
    ///
    /// # Errors
    /// When the settings cannot be saved; they hold for this run all the same.
    pub fn answer_fallback(&self, allow: bool) -> Result<wire::Settings> {
        if self.fallback.answer(allow) && allow {
            let device = wire::DeviceChoice::Device { id: "cpu".to_owned() };
            self.settings.save(&wire::Settings { device, ..self.settings() })?;
        }
        Ok(self.settings())
    }

    /// Makes a library and opens it.
    ///
    /// # Errors
    /// When there is a file already, or the folder cannot be written.
    pub fn create_library(&self, path: &Path) -> Result<wire::Library> {
        let created = library::create(path, &self.settings().curator, &self.places)?;
        self.put(created)
    }

    /// Opens another library; what runs over the present one is stopped.
    ///
    /// # Errors
    /// One for each way in which a file cannot be opened; then the present one stays.
    pub fn open_library(&self, path: &Path) -> Result<wire::Library> {
        let opened = library::open(path, &self.places)?;
        self.put(opened)
    }

    /// Libraries that were opened before, the latest first.
    #[must_use]
    pub fn recent_libraries(&self) -> Vec<wire::RecentLibrary> {
        self.recent.list()
    }

    /// The folder behind a name, for the system's file browser.
    #[must_use]
    pub fn folder(&self, folder: wire::Folder) -> PathBuf {
        match folder {
            wire::Folder::Data => self.places.data.clone(),
            wire::Folder::Models => self.places.data.join("models"),
            wire::Folder::Logs => self.places.logs.clone(),
            wire::Folder::Library => {
                let path = self.opened().lock().path().to_path_buf();
                path.parent().map_or_else(|| path.clone(), Path::to_path_buf)
            }
        }
    }

    /// Tells the clients where another process has written into the library since this was last asked.
    ///
    /// # Errors
    /// Those of the library.
    pub fn look_around(&self) -> Result<()> {
        let current = self.opened();
        if current.with(Library::changed_elsewhere)? {
            self.tell(&wire::AppEvent::LibraryChanged { library: current.library()?, documents: None });
        }
        Ok(())
    }

    /// Runs a streamed call: see [`Jobs::run`].
    pub(crate) fn stream<Event>(
        &self,
        job: &str,
        sink: Sink<Event>,
        body: impl FnOnce(&crate::jobs::Stream<Event>) -> Result<()>,
    ) {
        self.jobs.run(job, sink, body);
    }

    fn put(&self, library: Library) -> Result<wire::Library> {
        self.jobs.cancel_all();
        self.batches.rest();
        let curator = self.settings().curator;
        let (names, clock) = (Arc::clone(&self.names), Arc::clone(&self.places.clock));
        let current = OpenLibrary::new(library, &curator, names, clock, self.today.clone());
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        self.note_opened()?;
        self.opened().library()
    }

    pub(crate) fn note_opened(&self) -> Result<()> {
        let opened = self.opened().library()?;
        if let Err(error) = self.recent.note(&opened, self.places.clock.now()) {
            // The list is a convenience: the library is open without it.
            tracing::warn!(%error, "the list of recent libraries is not saved");
        }
        Ok(())
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        // The engine's thread would wait for an answer for ever.
        self.fallback.close();
    }
}

/// Asks whoever watches; where nobody does, a device that fails is an error.
fn asking(watchers: &Watchers, fallback: &Arc<Fallback>, asked: &Arc<Mutex<Option<wire::AppEvent>>>) -> Ask {
    let (watchers, fallback, asked) = (Arc::clone(watchers), Arc::clone(fallback), Arc::clone(asked));
    Box::new(move |failure| {
        let watching = watchers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let event = wire::AppEvent::AskFallback {
            from: failure.device.clone().unwrap_or_default(),
            to: "the processor".to_owned(),
            reason: failure.reason.clone(),
        };
        *asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(event.clone());
        !watching.is_empty() && fallback.ask(|| watching.iter().for_each(|watcher| watcher(event.clone())))
    })
}

fn first_library(places: &AppPaths, settings: &wire::Settings) -> Result<Library> {
    library::open_or_create(&places.data.join("First library.osler"), &settings.curator, places)
}
