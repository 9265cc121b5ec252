//! A run's screen on the terminal that the program was started in, which gets back what it had whatever happens.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::event::{self, Event};
use ratatui_crossterm::crossterm::{cursor, execute, terminal};

use crate::progress::log;
use crate::screen::Screen;

/// Between two drawings.
const PAUSE: Duration = Duration::from_millis(250);

/// The exit code of programs that Ctrl-C ended.
pub(crate) const INTERRUPTED: i32 = 130;

/// A terminal that shows a screen, drawn and asked for keys by a thread of its own, until it is dropped.
pub struct Terminal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    screen: Mutex<Screen>,
    begun: Instant,
    /// Nothing is to be drawn any more.
    over: AtomicBool,
    /// The terminal is as it was before.
    given_back: AtomicBool,
}

impl Terminal {
    /// Takes the terminal of standard error.
    ///
    /// # Errors
    /// If it does not do what such a screen needs; it is then as it was.
    pub fn open(screen: Screen) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            screen: Mutex::new(screen),
            begun: Instant::now(),
            over: AtomicBool::new(false),
            given_back: AtomicBool::new(false),
        });
        let backend = take().and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(io::stderr())));
        let backend = backend.inspect_err(|_| shared.give_back())?;
        // A panic's message would vanish with the screen.
        let (own, before) = (shared.clone(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| {
            own.give_back();
            before(panic);
        }));
        let own = shared.clone();
        Ok(Self { shared, thread: Some(std::thread::spawn(move || own.show(backend))) })
    }

    /// The screen, and the time since it was opened.
    pub fn screen(&self) -> (MutexGuard<'_, Screen>, Duration) {
        (self.shared.screen(), self.shared.begun.elapsed())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // A panic over there was told by the hook, and costs the run nothing.
        self.thread.take().map(JoinHandle::join);
        self.shared.give_back();
    }
}

impl Shared {
    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws and reads keys until the terminal was given back.
    fn show(&self, mut backend: ratatui::Terminal<CrosstermBackend<io::Stderr>>) {
        while !self.over.load(Ordering::SeqCst) {
            let drawn = {
                let screen = self.screen();
                backend.draw(|frame| screen.draw(frame, self.begun.elapsed())).is_ok()
            };
            // Without a terminal the run goes on, unseen.
            let Ok(pending) = event::poll(PAUSE) else { break };
            if !drawn || !pending {
                continue;
            }
            if let Ok(Event::Key(key)) = event::read() {
                let at_once = self.screen().key(key);
                if at_once {
                    self.give_back();
                    std::process::exit(INTERRUPTED);
                }
            }
        }
    }

    /// Makes the terminal what it was, and leaves the log on it, once.
    fn give_back(&self) {
        self.over.store(true, Ordering::SeqCst);
        if !self.given_back.swap(true, Ordering::SeqCst) {
            let _ = execute!(io::stderr(), terminal::LeaveAlternateScreen, cursor::Show);
            let _ = terminal::disable_raw_mode();
            // Not waiting: a panic may come from a thread that changes or draws the screen.
            let screen = match self.screen.try_lock() {
                Err(TryLockError::WouldBlock) => return,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Ok(screen) => screen,
            };
            screen.lines().iter().for_each(|line| log(line));
        }
    }
}

fn take() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    execute!(io::stderr(), terminal::EnterAlternateScreen, cursor::Hide)
}
