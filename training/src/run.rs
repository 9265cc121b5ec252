//! A training run from a recipe: update after update, with snapshots, validation, curves and an exact resume.

mod curve;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use operations::{AdamStep, Training};

use self::curve::{Curve, Window};
use crate::curves;
pub use crate::progress::log;
use crate::progress::{Cost, Progress};
use crate::recipe::Recipe;
use crate::screen::Screen;
use crate::snapshot;
use crate::step::{self, Batch, Pass, Trained};
use crate::update::{Moments, update};

/// Where batches come from.
pub trait Source<B = Batch>: Sync {
    /// Enough passes for about `tokens` tokens from place `consumed` on, and the place after them.
    fn update(&self, consumed: u64, tokens: usize, pass_tokens: usize) -> (Vec<B>, u64);
    /// The same few batches each time, held out from training. The loss of the first is the one that curves show.
    fn validation(&self) -> Vec<Validation<B>>;
    /// Places in one epoch.
    fn epoch(&self) -> u64;
    /// What tells these data from others: goes into snapshots.
    fn fingerprint(&self) -> String;
}

/// Held-out batches of one kind.
pub struct Validation<B = Batch> {
    /// What is predicted.
    pub name: &'static str,
    /// On what.
    pub batches: Vec<B>,
}

impl<B> Validation<B> {
    /// Batches under a name.
    #[must_use]
    pub const fn new(name: &'static str, batches: Vec<B>) -> Self {
        Self { name, batches }
    }
}

/// Why a run ended before its last update.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Snapshots.
    #[error(transparent)]
    Snapshot(#[from] snapshot::SnapshotError),
    /// Files of the run's folder.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The loss is no number any more.
    #[error(
        "the loss of update {update} (data from place {consumed}; {batch}) is {loss}: the run stops. The last snapshot is \
         whole; lower the learning rate, or look at the data there"
    )]
    NotANumber {
        /// Which update.
        update: u64,
        /// Where its data began.
        consumed: u64,
        /// Which of its batches.
        batch: String,
        /// The loss.
        loss: f64,
    },
}

/// One run.
pub struct Run<'a, B = Batch> {
    /// What to do.
    pub recipe: &'a Recipe,
    /// What a token costs.
    pub cost: Cost,
    /// Where to read.
    pub source: &'a dyn Source<B>,
    /// Where to write.
    pub folder: &'a Path,
    /// Where to compute: the weights are on the first, and passes go to all.
    pub devices: &'a [Device],
    /// Floating point operations a second that a large matrix product reaches there, all devices together, if it is known.
    pub peak: Option<f64>,
    /// What the devices are called on the screen that shows the run; without it, log lines tell of the run.
    pub screen: Option<String>,
}

impl<B: Pass> Run<'_, B> {
    /// Trains `network` to the end of the recipe, from the folder's snapshot if there is one. `stop` is asked after
    /// each update.
    ///
    /// # Errors
    /// If a snapshot cannot be read or written, or the loss is no number.
    pub fn train<N: Trained<Batch = B>>(&self, network: N, stop: impl Fn() -> bool) -> Result<N, RunError> {
        let recipe = self.recipe;
        fs::create_dir_all(self.folder).map_err(|e| write_error(self.folder, e))?;
        let written = toml::to_string_pretty(recipe).unwrap_or_default();
        let path = self.folder.join("recipe.toml");
        fs::write(&path, &written).map_err(|e| write_error(&path, e))?;
        let device = self.devices.first().cloned().unwrap_or_else(|| network.place());
        let (mut network, resumed) = snapshot::read(self.folder, network, &device)?;
        let (mut moments, mut at) = resumed.unwrap_or_default();
        for (what, known, found) in [
            ("recipe", &mut at.recipe, sha256(&written)),
            ("data", &mut at.data, sha256(&self.source.fingerprint())),
        ] {
            if !known.is_empty() && *known != found {
                log(&format!(
                    "the {what} is not what the snapshot was made with: going on with what is there now"
                ));
            }
            *known = found;
        }
        let pools = self.pools(&device);
        let epoch = self.source.epoch();
        let mut curve = Curve::open(&self.folder.join("curve.csv"), at.update)?;
        let mut since = Instant::now();
        let (mut snapshot_at, mut window) = (Instant::now(), Window::default());
        let weights: usize = burn::module::Module::num_params(&network);
        log(&format!(
            "{}: {weights} weights, {} workers, update {} of {}, {} an update{}",
            recipe.name,
            pools.len().max(self.devices.len()),
            at.update,
            self.end().trim_end_matches(" updates"),
            recipe.batch.update(),
            self.peak
                .map_or_else(String::new, |peak| format!(", matrix products at {:.0} GFLOP/s", peak / 1e9))
        ));
        let done = |update: u64, consumed: u64| match recipe.optimizer.epochs {
            0 => update as f64 / recipe.optimizer.updates as f64,
            epochs => consumed as f64 / (epochs * epoch) as f64,
        };
        let share = |at: &snapshot::Position| done(at.update, at.consumed);
        let progress = Progress::new(self.screen.as_ref().map(|device| {
            let before = fs::read_to_string(&curve.path).unwrap_or_default();
            Screen::new(format!("{} on {device}", recipe.name), self.end(), at.update, share(&at), &before)
        }));
        while !recipe.optimizer.is_over(at.update, at.consumed, epoch) && !stop() && !progress.is_stopping() {
            let (batches, consumed) =
                self.source.update(at.consumed, recipe.batch.tokens, recipe.batch.pass_tokens);
            let training = self.training(at.update);
            let weight: f64 = batches.iter().map(Pass::weight).sum();
            let (loss, gradients) = if self.devices.len() > 1 {
                step::accumulate_over(&network, &batches, &training, self.devices)
            } else {
                // On a CPU masks are functions of the seed; elsewhere they come from the device.
                device.seed(training.seed);
                step::accumulate(&network, &batches, &training, &device, &pools)
            };
            let mean = loss / weight;
            let norm = step::norm(&network, &gradients) / weight;
            if !mean.is_finite() || !norm.is_finite() {
                return Err(RunError::NotANumber {
                    update: at.update + 1,
                    consumed: at.consumed,
                    batch: offender(&network, &batches, &training, &device),
                    loss: mean,
                });
            }
            let rate = recipe.optimizer.rate(at.update + 1, [share(&at), done(at.update + 1, consumed)]);
            let step = self.adam(at.update + 1, rate, weight, norm);
            let muon = recipe.optimizer.muon.then(|| self.precision());
            network = update(network, gradients, &mut moments, step, muon);
            let tokens: u64 = batches.iter().map(|b| (b.rows() * b.length()) as u64).sum();
            let work: f64 = batches
                .iter()
                .map(|batch| (batch.rows() * batch.length()) as f64 * self.cost.of_token(batch.length()))
                .sum();
            let epochs_before = at.consumed / epoch;
            at.update += 1;
            at.consumed = consumed;
            at.tokens += tokens;
            at.seconds += since.elapsed().as_secs_f64();
            window.add(mean, norm, tokens, work, since.elapsed().as_secs_f64());
            since = Instant::now();
            progress.update(at.update, share(&at), window.measured(rate, self.peak));
            let last = recipe.optimizer.is_over(at.update, at.consumed, epoch);
            if at.update.is_multiple_of(recipe.output.log_every) || last {
                let epochs = at.consumed as f64 / epoch as f64;
                progress.measured(&window.line(at.update, epochs, rate, self.peak));
                curve.line(&format!(
                    "{},{},{},{:.5},,{rate:.3e},{:.0}",
                    at.update,
                    at.tokens,
                    at.seconds as u64,
                    window.loss(),
                    window.rate()
                ))?;
                window = Window::default();
            }
            if at.update.is_multiple_of(recipe.output.validate_every) || last {
                let losses = self.validate(&network, &pools);
                let loss = losses.first().map_or(f64::NAN, |(_, loss)| *loss);
                let each: Vec<String> = losses
                    .iter()
                    .map(|(name, loss)| format!("{name} loss {loss:.4} (perplexity {:.2})", loss.exp()))
                    .collect();
                progress.validated(loss, &format!("update {} validation {}", at.update, each.join(", ")));
                curve.line(&format!("{},{},{},,{loss:.5},,", at.update, at.tokens, at.seconds as u64))?;
                since = Instant::now();
            }
            let every =
                |interval: u64, before: u64, now: u64| interval > 0 && before / interval < now / interval;
            if every(recipe.output.keep_every, at.update - 1, at.update)
                || every(recipe.output.keep_every_epochs, epochs_before, at.consumed / epoch)
            {
                self.keep(&network, &at)?;
                since = Instant::now();
            }
            if snapshot_at.elapsed().as_secs_f64() > recipe.output.checkpoint_minutes * 60.0 || last {
                snapshot::write(self.folder, &network, &moments, &at)?;
                progress.saved();
                self.draw()?;
                snapshot_at = Instant::now();
                since = Instant::now();
            }
        }
        if !recipe.optimizer.is_over(at.update, at.consumed, epoch) {
            snapshot::write(self.folder, &network, &moments, &at)?;
            if progress.is_stopping() {
                progress.line(&format!(
                    "stopped after update {} with a snapshot: the same command goes on from there",
                    at.update
                ));
            }
        }
        drop(progress);
        self.draw()?;
        Ok(network)
    }

    /// What ends the run, in words.
    fn end(&self) -> String {
        match self.recipe.optimizer.epochs {
            0 => format!("{} updates", self.recipe.optimizer.updates),
            epochs => format!("{epochs} epochs"),
        }
    }

    fn draw(&self) -> Result<(), RunError> {
        curves::draw(self.folder).map_err(|e| write_error(&self.folder.join("curve.svg"), e))
    }

    /// Keeps the weights of this update for averaging, and no more than the recipe says of those before.
    fn keep(&self, network: &impl Trained, at: &snapshot::Position) -> Result<(), RunError> {
        let own = self.folder.join("kept").join(format!("{:08}", at.update));
        snapshot::write(&own, network, &Moments::default(), at)?;
        for name in ["config.json", "tokenizer.json", "tasks.json"] {
            if self.folder.join(name).is_file() {
                fs::copy(self.folder.join(name), own.join(name)).map_err(|e| write_error(&own, e))?;
            }
        }
        let kept = snapshot::kept(self.folder)?;
        let over = kept.len().saturating_sub(self.recipe.output.keep.max(1));
        kept[..over].iter().try_for_each(|old| fs::remove_dir_all(old).map_err(|e| write_error(old, e)))
    }

    /// Mean loss of the held-out batches, by kind.
    #[must_use]
    pub fn validate(
        &self,
        network: &impl Trained<Batch = B>,
        pools: &[rayon::ThreadPool],
    ) -> Vec<(&'static str, f64)> {
        let kinds = self.source.validation();
        kinds.into_iter().map(|kind| (kind.name, self.mean_loss(network, pools, &kind.batches))).collect()
    }

    fn mean_loss<N: Trained<Batch = B>>(
        &self,
        network: &N,
        pools: &[rayon::ThreadPool],
        batches: &[B],
    ) -> f64 {
        let device = network.place().without_autodiff();
        let network = burn::module::Module::valid(network);
        let training = Training { precision: self.precision(), ..Training::default() };
        let weight: f64 = batches.iter().map(Pass::weight).sum();
        let total: f64 = if pools.is_empty() {
            batches.iter().map(|b| step::value(network.loss(b, &training, &device))).sum()
        } else {
            std::thread::scope(|scope| {
                let running: Vec<_> = pools
                    .iter()
                    .enumerate()
                    .map(|(i, pool)| {
                        let (network, training, device) = (&network, &training, &device);
                        scope.spawn(move || {
                            pool.install(|| {
                                let own = batches.iter().skip(i).step_by(pools.len());
                                own.map(|b| step::value(network.loss(b, training, device))).sum::<f64>()
                            })
                        })
                    })
                    .collect();
                running.into_iter().map(|t| t.join().unwrap_or_else(|p| std::panic::resume_unwind(p))).sum()
            })
        };
        total / weight
    }

    fn pools(&self, device: &Device) -> Vec<rayon::ThreadPool> {
        let workers = match self.recipe.batch.workers {
            0 if operations::is_cpu(device) => std::thread::available_parallelism().map_or(1, usize::from),
            0 => 0,
            n => n,
        };
        (0..workers).filter_map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build().ok()).collect()
    }

    fn precision(&self) -> operations::Precision {
        self.recipe.precision.into()
    }

    fn training(&self, update: u64) -> Training {
        Training {
            hidden_dropout: self.recipe.dropout.hidden,
            attention_dropout: self.recipe.dropout.attention,
            activation_dropout: self.recipe.dropout.activation,
            seed: self.recipe.seed.wrapping_add(update.wrapping_mul(0xA24B_AED4_963E_E407)),
            precision: self.precision(),
        }
    }

    fn adam(&self, update: u64, rate: f64, weight: f64, norm: f64) -> AdamStep {
        let o = &self.recipe.optimizer;
        let clip = if o.clip > 0.0 && norm > o.clip { o.clip / norm } else { 1.0 };
        AdamStep {
            learning_rate: rate as f32,
            beta_1: o.betas[0] as f32,
            beta_2: o.betas[1] as f32,
            epsilon: o.epsilon as f32,
            weight_decay: o.weight_decay as f32,
            gradient_scale: (clip / weight) as f32,
            step: update as u32,
        }
    }
}

fn write_error(path: &Path, source: std::io::Error) -> RunError {
    RunError::Write { path: path.to_owned(), source }
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Which of an update's batches has a loss that is no number.
fn offender<N: Trained>(network: &N, batches: &[N::Batch], training: &Training, device: &Device) -> String {
    let (network, device) = (burn::module::Module::valid(network), device.clone().without_autodiff());
    let training = Training { precision: training.precision, ..Training::default() };
    let wrong = |batch: &N::Batch| !step::value(network.loss(batch, &training, &device)).is_finite();
    match batches.iter().position(wrong) {
        Some(place) => {
            let (rows, length) = (batches[place].rows(), batches[place].length());
            format!("batch {} of {}: {rows} sequences of {length} tokens", place + 1, batches.len())
        }
        None => "its gradient, not one batch alone".to_owned(),
    }
}
