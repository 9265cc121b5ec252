//! What is measured on the way: since the last log line, and in `curve.csv`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{RunError, write_error};
use crate::screen::Measured;

/// What happened since the last log line.
#[derive(Default)]
pub(super) struct Window {
    updates: u64,
    loss: f64,
    norm: f64,
    tokens: u64,
    work: f64,
    seconds: f64,
}

impl Window {
    pub(super) fn add(&mut self, loss: f64, norm: f64, tokens: u64, work: f64, seconds: f64) {
        self.updates += 1;
        self.loss += loss;
        self.norm += norm;
        self.tokens += tokens;
        self.work += work;
        self.seconds += seconds;
    }

    pub(super) fn loss(&self) -> f64 {
        self.loss / self.updates.max(1) as f64
    }

    pub(super) fn rate(&self) -> f64 {
        self.tokens as f64 / self.seconds.max(1e-9)
    }

    pub(super) fn measured(&self, rate: f64, peak: Option<f64>) -> Measured {
        Measured {
            loss: self.loss(),
            norm: self.norm / self.updates.max(1) as f64,
            rate,
            tokens_a_second: self.rate(),
            of_peak: peak.map(|peak| self.work / self.seconds.max(1e-9) / peak),
        }
    }

    pub(super) fn line(&self, update: u64, epoch: f64, rate: f64, peak: Option<f64>) -> String {
        let Measured { loss, norm, tokens_a_second, of_peak, .. } = self.measured(rate, peak);
        format!(
            "update {update} epoch {epoch:.3} loss {loss:.4} gradient {norm:.3} rate {rate:.2e} {tokens_a_second:.0} \
             tokens/s{}",
            of_peak.map_or_else(String::new, |share| format!(" ({:.0} % of peak)", 100.0 * share))
        )
    }
}

/// `curve.csv`: one line a measurement. Lines after the update that the run resumes from are dropped.
pub(super) struct Curve {
    file: fs::File,
    pub(super) path: PathBuf,
}

impl Curve {
    const HEADER: &str =
        "update,tokens,seconds,training_loss,validation_loss,learning_rate,tokens_per_second";

    pub(super) fn open(path: &Path, update: u64) -> Result<Self, RunError> {
        let before = fs::read_to_string(path).unwrap_or_default();
        let kept = before.lines().skip(1).filter(|line| {
            line.split(',').next().and_then(|u| u.parse::<u64>().ok()).is_some_and(|u| u <= update)
        });
        let text: String = std::iter::once(Self::HEADER).chain(kept).flat_map(|l| [l, "\n"]).collect();
        fs::write(path, text).map_err(|e| write_error(path, e))?;
        let file = fs::OpenOptions::new().append(true).open(path).map_err(|e| write_error(path, e))?;
        Ok(Self { file, path: path.to_owned() })
    }

    pub(super) fn line(&mut self, line: &str) -> Result<(), RunError> {
        writeln!(self.file, "{line}").map_err(|e| write_error(&self.path, e))
    }
}
