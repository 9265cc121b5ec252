//! Where a run computes.

use std::str::FromStr;

use burn::tensor::Device;
use devices::{DeviceError, Need, Request};
use operations::Precision;

use crate::progress::matmul_peak;

/// What a user asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Computes {
    /// The processor, by our own kernels.
    #[default]
    Cpu,
    /// Graphics cards of these numbers, through the system's graphics interface.
    Wgpu(Vec<usize>),
    /// The graphics interface imitated by the processor: for tests.
    Software,
    /// NVIDIA cards of these numbers, through CUDA.
    Cuda(Vec<usize>),
}

impl FromStr for Computes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, numbers) = text.split_once(':').unwrap_or((text, "0"));
        let known =
            || format!("there is no device `{text}`: say cpu, wgpu, wgpu:1, cuda, cuda:1 or cuda:0,1,2,3");
        let several = || -> Result<Vec<usize>, String> {
            let mut found = Vec::new();
            for number in numbers.split(',') {
                let number = number.parse().map_err(|_| known())?;
                if found.contains(&number) {
                    return Err(format!("`{text}` names number {number} twice"));
                }
                found.push(number);
            }
            Ok(found)
        };
        match (kind, numbers) {
            ("cpu", _) if text == "cpu" => Ok(Self::Cpu),
            ("wgpu", "software") => Ok(Self::Software),
            ("wgpu", _) => several().map(Self::Wgpu),
            ("cuda", _) => several().map(Self::Cuda),
            _ => Err(known()),
        }
    }
}

impl Computes {
    /// Opens the devices, the one that holds the weights first.
    ///
    /// # Errors
    /// If there is no such device, its driver refuses, or the program was built without CUDA.
    pub fn open(&self) -> Result<Vec<Device>, DeviceError> {
        let graphics = |request| {
            let chosen = devices::choose(request, Need::default(), &devices::list())?;
            devices::open(&chosen.adapter)
        };
        let opened: Vec<Device> = match self {
            Self::Cpu => vec![Device::flex()],
            Self::Software => vec![graphics(Request::Software)?],
            Self::Wgpu(numbers) => {
                numbers.iter().map(|number| graphics(Request::Gpu(*number))).collect::<Result<_, _>>()?
            }
            Self::Cuda(numbers) => {
                numbers.iter().map(|number| devices::cuda(*number)).collect::<Result<_, _>>()?
            }
        };
        Ok(opened.into_iter().map(Device::autodiff).collect())
    }

    /// Floating point operations a second of a large matrix product on all of these devices together; `None` where trying
    /// one would take minutes.
    #[must_use]
    pub fn peak(&self, devices: &[Device], precision: Precision) -> Option<f64> {
        let side = match self {
            Self::Software => return None,
            Self::Cpu => 1024,
            // A graphics card needs that much to be busy at all.
            Self::Wgpu(_) | Self::Cuda(_) => 4096,
        };
        Some(devices.iter().map(|device| matmul_peak(device, side, precision)).sum())
    }

    /// For logs and model cards.
    #[must_use]
    pub fn name(&self) -> String {
        let listed = |kind: &str, numbers: &[usize]| {
            let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
            format!("{kind}:{}", numbers.join(","))
        };
        match self {
            Self::Cpu => "cpu".to_owned(),
            Self::Software => "wgpu:software".to_owned(),
            Self::Wgpu(numbers) => listed("wgpu", numbers),
            Self::Cuda(numbers) => listed("cuda", numbers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_with_their_numbers() {
        for (text, computes) in [
            ("cpu", Computes::Cpu),
            ("wgpu", Computes::Wgpu(vec![0])),
            ("wgpu:2", Computes::Wgpu(vec![2])),
            ("wgpu:software", Computes::Software),
            ("cuda", Computes::Cuda(vec![0])),
            ("cuda:0,1,3", Computes::Cuda(vec![0, 1, 3])),
        ] {
            assert_eq!(text.parse(), Ok(computes));
        }
        for wrong in ["gpu", "cpu:1", "cuda:", "cuda:a", "wgpu:1,1", ""] {
            assert!(wrong.parse::<Computes>().is_err(), "{wrong}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_program_without_cuda_says_how_to_get_it() {
        let error = Computes::Cuda(vec![0]).open().unwrap_err().to_string();
        assert!(error.contains("--features cuda"), "{error}");
    }
}
