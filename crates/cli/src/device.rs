//! The option `--device`, the same for every command that computes.

use biogpt::{Config, Model};
use burn::tensor::Device;
use devices::{Kind, Need, Request};

use crate::Failure;
use crate::desk::{model_folder, places};

/// Where to compute.
#[derive(Debug, clap::Args)]
pub struct DeviceOption {
    /// auto, cpu, gpu, gpu:N or software.
    #[arg(long, default_value = "auto")]
    device: Request,
}

impl DeviceOption {
    /// The device asked for, held against what a model of this shape needs; and its name.
    pub fn open(&self, config: &Config) -> Result<(Device, String), Failure> {
        let adapters = if self.device == Request::Cpu { vec![devices::processor()] } else { devices::list() };
        let chosen = devices::choose(self.device, need(config), &adapters)?;
        if chosen.adapter.kind != Kind::Processor {
            devices::keep_tuning(&places()?.tuning());
        }
        Ok((devices::open(&chosen.adapter)?, format!("{} ({})", chosen.adapter.id, chosen.adapter.name)))
    }

    /// A model on the device asked for: its folder, ours or published, or its id.
    pub fn load(&self, model: &str) -> Result<Model, Failure> {
        let folder = model_folder(model)?;
        let config = biogpt::model::configuration(&folder)?;
        Ok(Model::load(&folder, &self.open(&config)?.0)?)
    }
}

/// Weights in single precision, and half as much again to work.
fn need(config: &Config) -> Need {
    let largest = biogpt::largest_piece(config) as u64 * 4;
    let total = config.parameters() as u64 * 6;
    Need { largest_tensor: largest, total }
}
