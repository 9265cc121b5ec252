//! Where a recipe is run: its folder and its devices.

use std::path::Path;

use burn::tensor::Device;

use crate::environment::Environment;
use crate::history::{self, HistoryError};
use crate::progress::Cost;
use crate::recipe::Recipe;
use crate::run::{Run, Source};

/// Folder and devices of a recipe's run.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// What to do.
    pub recipe: &'a Recipe,
    /// Where to write.
    pub out: &'a Path,
    /// Where to compute: the weights are on the first, and passes go to all.
    pub devices: &'a [Device],
    /// What the devices are called.
    pub device: &'a str,
    /// See [`Run::peak`].
    pub peak: Option<f64>,
    /// See [`Run::screen`].
    pub screen: Option<String>,
}

impl<'a> Place<'a> {
    /// Writes environment and history into the folder, which is there.
    ///
    /// # Errors
    /// If it cannot be written, or the folder that the run starts from cannot be read.
    pub fn record(&self) -> Result<(), HistoryError> {
        let environment = Environment::here(self.device);
        let written = environment.write(self.out);
        written.map_err(|source| HistoryError::Io { action: "write", path: self.out.to_owned(), source })?;
        history::write(self.out, &history::begun(self.recipe, &environment.machine())?)
    }

    /// A run of batches from `source`.
    pub fn run<B>(&self, cost: Cost, source: &'a dyn Source<B>) -> Run<'a, B> {
        let (recipe, folder, devices) = (self.recipe, self.out, self.devices);
        Run { recipe, cost, source, folder, devices, peak: self.peak, screen: self.screen.clone() }
    }
}
