//! The option `--device`, the same for every command that computes.

use std::path::Path;

use biogpt::{Config, Model};
use burn::tensor::Device;
use devices::{Kind, Need, Request};
use workbench::engine::need;

use crate::Failure;
use crate::session::{model_folder, places};

/// Where to compute.
#[derive(Debug, clap::Args)]
pub struct DeviceOption {
    /// auto, cpu, gpu, gpu:N or software.
    #[arg(long, default_value = "auto")]
    device: Request,
}

impl DeviceOption {
    /// The device asked for, held against what a model of this shape needs; and its name.
    pub fn open(&self, folder: &Path, config: &Config) -> Result<(Device, String), Failure> {
        self.open_for(need(folder, config))
    }

    /// The device asked for, held against what is needed of it; and its name.
    pub fn open_for(&self, need: Need) -> Result<(Device, String), Failure> {
        let chosen = devices::choose(self.device, need, &devices::list_for(self.device))?;
        if chosen.adapter.kind != Kind::Processor {
            devices::keep_tuning(&places()?.tuning());
        }
        Ok((devices::open(&chosen.adapter)?, format!("{} ({})", chosen.adapter.id, chosen.adapter.name)))
    }

    /// A model on the device asked for: its folder, ours or published, or its id.
    pub fn load(&self, model: &str) -> Result<Model, Failure> {
        let folder = model_folder(model)?;
        let config = biogpt::model::configuration(&folder)?;
        Ok(Model::load(&folder, &self.open(&folder, &config)?.0)?)
    }
}
