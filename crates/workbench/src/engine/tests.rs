use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use inference::{Scripted, continue_text};

use super::*;

fn source() -> Source {
    Source {
        id: "scripted".to_owned(),
        name: "Scripted".to_owned(),
        folder: None,
        device: devices::Request::Cpu,
        names: None,
    }
}

/// An engine with the scripted generator, and how often it was loaded.
fn engine(idle: Option<Duration>) -> (Engine, Arc<AtomicUsize>) {
    let loads = Arc::new(AtomicUsize::new(0));
    let count = loads.clone();
    let loader: Loader = Box::new(move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Scripted::default()))
    });
    let engine = Engine::start(loader, idle);
    engine.choose(Some(source()));
    (engine, loads)
}

fn run<R: Send + 'static>(
    engine: &Engine,
    work: impl FnOnce(&mut TaskContext<'_>) -> Result<R, EngineError> + Send + 'static,
) -> Result<R, EngineError> {
    engine.run(Lane::Person, "testing", &Cancel::default(), work)
}

#[test]
fn works_with_the_model_it_was_told_to_and_says_so() {
    let (engine, loads) = engine(None);
    assert_eq!(run(&engine, |context| Ok(context.model.count_tokens("one two"))), Ok(2));
    let status = engine.status();
    assert_eq!((status.state, status.model.as_deref()), (State::Ready, Some("Scripted")));
    engine.choose(None);
    assert_eq!(run(&engine, |_| Ok(())), Err(EngineError::NoModel));
    assert_eq!(engine.status().state, State::Empty);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[test]
fn a_panic_fails_one_request_and_the_next_one_works_again() {
    let (engine, loads) = engine(None);
    let error = run(&engine, |_| -> Result<(), EngineError> { panic!("out of paper") }).unwrap_err();
    assert!(
        error.to_string().contains("out of paper") && error.to_string().contains("try once more"),
        "{error}"
    );
    let status = engine.status();
    assert_eq!(status.state, State::Failed);
    assert!(status.problem.unwrap().contains("out of paper"));
    assert_eq!(run(&engine, |_| Ok(3)), Ok(3));
    assert_eq!(engine.status().state, State::Ready);
    assert_eq!(loads.load(Ordering::SeqCst), 2, "the model was loaded again");
}

#[test]
fn a_model_that_cannot_be_loaded_is_an_error_each_time() {
    let engine = Engine::start(
        Box::new(|_, _| {
            Err(EngineError::Load { problem: "no such folder".to_owned(), remedy: String::new() })
        }),
        None,
    );
    engine.choose(Some(source()));
    for _ in 0..2 {
        assert!(engine.load().unwrap_err().to_string().contains("no such folder"));
        assert_eq!(engine.status().state, State::Failed);
    }
    let engine = Engine::start(Box::new(|_, _| panic!("bad weights")), None);
    engine.choose(Some(source()));
    assert!(engine.load().unwrap_err().to_string().contains("bad weights"));
}

/// An engine whose graphics device cannot be opened, or fails in the middle of work; and how often it asked.
fn engine_on_graphics(opens: bool, allowed: bool) -> (Engine, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let loader: Loader = Box::new(move |source, goes_to| {
        let graphics = source.device != devices::Request::Cpu;
        let device = if graphics { "Radeon" } else { "Ryzen" }.to_owned();
        goes_to(Computing { device, graphics, reason: "it was asked for".to_owned() });
        if graphics && !opens {
            let (adapter, reason) = ("Radeon".to_owned(), "it is asleep".to_owned());
            return Err(EngineError::Device(devices::DeviceError::Refused { adapter, reason }));
        }
        Ok(Box::new(Scripted::default()))
    });
    let ask: Ask = Box::new(move |failure| {
        assert_eq!(failure.device.as_deref(), Some("Radeon"));
        count.fetch_add(1, Ordering::SeqCst);
        allowed
    });
    let engine = Engine::start_asking(loader, None, ask);
    engine.choose(Some(Source { device: devices::Request::Gpu(0), ..source() }));
    (engine, asked)
}

fn where_it_computes(engine: &Engine) -> String {
    engine.status().computing.unwrap().device
}

#[test]
fn the_processor_takes_over_from_a_device_that_cannot_be_opened_when_that_is_allowed() {
    let (engine, asked) = engine_on_graphics(false, true);
    assert_eq!((run(&engine, |_| Ok(1)), run(&engine, |_| Ok(2))), (Ok(1), Ok(2)));
    assert_eq!((where_it_computes(&engine).as_str(), engine.status().state), ("Ryzen", State::Ready));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn nothing_goes_on_elsewhere_when_that_is_refused_and_nobody_is_asked_twice() {
    let (engine, asked) = engine_on_graphics(false, false);
    for _ in 0..2 {
        assert!(run(&engine, |_| Ok(())).unwrap_err().to_string().contains("cannot open Radeon"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    engine.choose(Some(Source { device: devices::Request::Auto, ..source() }));
    run(&engine, |_| Ok(())).unwrap_err();
    assert_eq!(asked.load(Ordering::SeqCst), 2, "another choice is another question");
}

#[test]
fn a_device_that_fails_in_the_middle_fails_the_request_and_the_next_one_goes_to_the_processor() {
    let (engine, asked) = engine_on_graphics(true, true);
    run(&engine, |_| -> Result<(), EngineError> { panic!("device lost") }).unwrap_err();
    assert_eq!(run(&engine, |_| Ok(1)), Ok(1));
    assert_eq!((where_it_computes(&engine).as_str(), asked.load(Ordering::SeqCst)), ("Ryzen", 1));
    // The processor's own failures are nobody's question.
    run(&engine, |_| -> Result<(), EngineError> { panic!("out of paper") }).unwrap_err();
    assert_eq!((run(&engine, |_| Ok(2)), asked.load(Ordering::SeqCst)), (Ok(2), 1));
}

#[test]
fn a_person_goes_before_a_batch() {
    let (engine, _) = engine(None);
    let engine = Arc::new(engine);
    let (open, order) = (Arc::new(Barrier::new(2)), Arc::new(Mutex::new(Vec::new())));
    std::thread::scope(|scope| {
        let gate = open.clone();
        scope.spawn(|| {
            run(&engine, move |_| {
                gate.wait();
                gate.wait();
                Ok(())
            })
        });
        open.wait();
        let mut watch = engine.watch();
        for (lane, name) in [(Lane::Batch, "batch"), (Lane::Person, "person")] {
            let (engine, order) = (&engine, order.clone());
            scope.spawn(move || {
                engine.run(lane, name, &Cancel::default(), move |_| {
                    order.lock().unwrap().push(name);
                    Ok(())
                })
            });
            // Wait until it stands in the queue.
            while engine.queue.waiting() < if name == "batch" { 1 } else { 2 } {
                std::thread::yield_now();
            }
        }
        watch.mark_unchanged();
        open.wait();
    });
    assert_eq!(*order.lock().unwrap(), ["person", "batch"]);
}

#[test]
fn cancelling_stops_at_the_next_token() {
    let (engine, _) = engine(None);
    let cancel = Cancel::default();
    let switch = cancel.clone();
    let told = engine
        .run(Lane::Person, "writing", &cancel, move |context| {
            let mut told = 0;
            continue_text(context, "It is", 16, &mut |delta| {
                told += delta.tokens.len();
                if told == 3 {
                    switch.cancel();
                }
            })?;
            Ok(told)
        })
        .unwrap();
    assert_eq!(told, 3);
    assert_eq!(engine.run(Lane::Person, "more", &cancel, |_| Ok(())), Err(EngineError::Cancelled));
}

#[test]
fn an_idle_model_leaves_memory_and_comes_back() {
    let (engine, loads) = engine(Some(Duration::from_millis(1)));
    engine.load().unwrap();
    let mut watch = engine.watch();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(watch.wait_for(|status| status.state == State::Unloaded)).unwrap();
    assert_eq!(run(&engine, |_| Ok(1)), Ok(1));
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[test]
fn closing_stops_what_is_under_way() {
    let (engine, _) = engine(None);
    let engine = Arc::new(engine);
    let started = Arc::new(Barrier::new(2));
    let (other, gate) = (engine.clone(), started.clone());
    let thread = std::thread::spawn(move || {
        run(&other, move |context| {
            gate.wait();
            while context.flow().is_continue() {
                std::thread::yield_now();
            }
            Ok("stopped")
        })
    });
    started.wait();
    engine.queue.close();
    assert_eq!(thread.join().unwrap(), Ok("stopped"));
    assert_eq!(run(&engine, |_| Ok(())), Err(EngineError::Ended));
}

/// The id of a document may be a person's name, and the log goes to whoever is asked for help.
#[test]
fn a_panic_in_the_engine_puts_no_document_into_the_log() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    // Of the whole program, as the engine has a thread of its own; what other tests write is no matter.
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let (engine, _) = engine(None);
    let activity = "Extracting relations from Smith_John_1956";
    let failed = engine.run(Lane::Person, activity, &Cancel::default(), |_| -> Result<(), EngineError> {
        // As the hook of a panic does.
        tracing::error!("panicked on purpose");
        panic!("on purpose")
    });
    assert!(matches!(failed, Err(EngineError::Panicked { .. })), "{failed:?}");
    let written = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(written.contains("panicked on purpose") && !written.contains("Smith"), "{written}");
}
