//! What can compute here.

use ::devices::{Adapter, Kind, choose, list};

use crate::engine::need_of_folder;
use crate::error::Result;
use crate::model_host::request;
use crate::wire::{Device, DeviceKind, Limit};
use crate::workbench::Workbench;

impl Workbench {
    /// What can compute here, and whether the model in use fits.
    ///
    /// # Errors
    /// None so far.
    pub fn devices(&self) -> Result<Vec<Device>> {
        let adapters = list();
        let folder = self.model_host.models.in_use().and_then(|model| model.folder);
        let need = folder.and_then(|folder| need_of_folder(&folder)).unwrap_or_default();
        let chosen =
            choose(request(&self.settings().device), need, &adapters).map(|chosen| chosen.adapter.id);
        let chosen = chosen.unwrap_or_default();
        let unfit = |adapter: &Adapter| {
            let asked = adapter.id.parse().ok()?;
            choose(asked, need, &adapters).err().map(|cause| cause.to_string())
        };
        Ok(adapters
            .iter()
            .map(|adapter| Device {
                id: adapter.id.clone(),
                name: adapter.name.clone(),
                kind: match adapter.kind {
                    Kind::Discrete => DeviceKind::DiscreteGpu,
                    Kind::Integrated | Kind::Virtual => DeviceKind::IntegratedGpu,
                    Kind::Processor => DeviceKind::Cpu,
                    Kind::Software => DeviceKind::SoftwareGpu,
                },
                backend: adapter.backend.clone().unwrap_or_default(),
                driver: adapter.driver.clone().unwrap_or_default(),
                memory: adapter.memory,
                half_precision: adapter.half_precision,
                limits: limits(adapter),
                unfit: unfit(adapter),
                in_use: adapter.id == chosen,
            })
            .collect())
    }
}

fn limits(adapter: &Adapter) -> Vec<Limit> {
    let megabytes = |bytes: u64| format!("{} MB", bytes / 1_000_000);
    adapter.limits.map_or_else(Vec::new, |limits| {
        vec![
            Limit { name: "largest buffer".to_owned(), value: megabytes(limits.buffer) },
            Limit { name: "largest tensor".to_owned(), value: megabytes(limits.binding) },
        ]
    })
}
