//! Which adapter a model goes to, and why.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Adapter, DeviceError, Kind};

/// What a user asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A real graphics adapter that fits the model, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The graphics adapter of this number.
    Gpu(usize),
    /// A software adapter: slow, for tests of the graphics path.
    Software,
}

impl FromStr for Request {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(0)),
            "software" => Ok(Self::Software),
            _ => text
                .strip_prefix("gpu:")
                .and_then(|n| n.parse().ok())
                .map(Self::Gpu)
                .ok_or_else(|| DeviceError::Unknown(text.to_owned())),
        }
    }
}

/// What a model asks of an adapter, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Its largest tensor that cannot be split.
    pub largest_tensor: u64,
    /// Weights, and room to work.
    pub total: u64,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chosen {
    /// Where to compute.
    pub adapter: Adapter,
    /// In a sentence, for the status bar and for logs.
    pub reason: String,
}

/// Picks an adapter from a [`crate::list`].
///
/// # Errors
/// If what was asked for is not there or too small. [`Request::Auto`] always finds the processor.
pub fn choose(request: Request, need: Need, adapters: &[Adapter]) -> Result<Chosen, DeviceError> {
    let named = |id: &str| {
        adapters.iter().find(|a| a.id == id).cloned().ok_or_else(|| DeviceError::Absent {
            wanted: match request {
                Request::Gpu(n) => format!("graphics adapter number {n}"),
                Request::Software => "software adapter".to_owned(),
                Request::Auto | Request::Cpu => "processor".to_owned(),
            },
            found: adapters.iter().map(|a| format!("{} ({})", a.id, a.name)).collect::<Vec<_>>().join(", "),
        })
    };
    let asked = |adapter: Adapter| {
        fits(&adapter, need)?;
        let reason = format!("{} was asked for", adapter.name);
        Ok(Chosen { adapter, reason })
    };
    match request {
        Request::Cpu => asked(named("cpu")?),
        Request::Gpu(n) => asked(named(&format!("gpu:{n}"))?),
        Request::Software => asked(named("software")?),
        Request::Auto => {
            let mut refused = Vec::new();
            for adapter in adapters.iter().filter(|a| !matches!(a.kind, Kind::Processor | Kind::Software)) {
                match fits(adapter, need) {
                    Ok(()) => {
                        let reason =
                            format!("{} is the best graphics adapter that fits the model", adapter.name);
                        return Ok(Chosen { adapter: adapter.clone(), reason });
                    }
                    Err(error) => refused.push(error.to_string()),
                }
            }
            let reason = match refused.first() {
                Some(first) => format!("no graphics adapter fits: {first}"),
                None => "there is no graphics adapter".to_owned(),
            };
            Ok(Chosen { adapter: named("cpu")?, reason })
        }
    }
}

fn fits(adapter: &Adapter, need: Need) -> Result<(), DeviceError> {
    const MEGABYTE: u64 = 1_000_000;
    if let Some(limits) = adapter.limits {
        let allowed = limits.buffer.min(limits.binding);
        if need.largest_tensor > allowed {
            return Err(DeviceError::TensorTooLarge {
                adapter: adapter.name.clone(),
                needed: need.largest_tensor.div_ceil(MEGABYTE),
                allowed: allowed / MEGABYTE,
            });
        }
    }
    match adapter.memory {
        Some(available) if need.total > available => Err(DeviceError::MemoryTooSmall {
            adapter: adapter.name.clone(),
            needed: need.total.div_ceil(MEGABYTE),
            available: available / MEGABYTE,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn adapter(id: &str, kind: Kind, binding: u64, memory: Option<u64>) -> Adapter {
        Adapter {
            id: id.into(),
            name: format!("the {id}"),
            kind,
            backend: None,
            driver: None,
            memory,
            limits: (kind != Kind::Processor).then_some(Limits { buffer: binding * 2, binding }),
            half_precision: true,
            index: 0,
        }
    }

    fn machine() -> Vec<Adapter> {
        vec![
            adapter("gpu:0", Kind::Discrete, 128 << 20, Some(2 << 30)),
            adapter("gpu:1", Kind::Integrated, 1 << 30, None),
            adapter("software", Kind::Software, 128 << 20, None),
            adapter("cpu", Kind::Processor, 0, Some(8 << 30)),
        ]
    }

    #[test]
    fn auto_takes_the_first_real_adapter_that_fits() {
        let small = Need { largest_tensor: 1 << 20, total: 1 << 26 };
        assert_eq!(choose(Request::Auto, small, &machine()).unwrap().adapter.id, "gpu:0");
        let wide = Need { largest_tensor: 174 << 20, total: 1 << 30 };
        assert_eq!(choose(Request::Auto, wide, &machine()).unwrap().adapter.id, "gpu:1");
    }

    #[test]
    fn auto_never_takes_a_software_adapter_and_says_why_it_took_the_processor() {
        let software = &machine()[2..];
        let chosen = choose(Request::Auto, Need::default(), software).unwrap();
        assert_eq!(chosen.adapter.id, "cpu");
        assert!(chosen.reason.contains("no graphics adapter"), "{}", chosen.reason);
        let huge = Need { largest_tensor: 2 << 30, total: 3 << 30 };
        let chosen = choose(Request::Auto, huge, &machine()).unwrap();
        assert!(chosen.adapter.id == "cpu" && chosen.reason.contains("2148 MB"), "{}", chosen.reason);
    }

    #[test]
    fn what_was_asked_for_by_name_is_taken_or_refused_with_numbers() {
        assert_eq!(choose(Request::Software, Need::default(), &machine()).unwrap().adapter.id, "software");
        let wide = Need { largest_tensor: 173_604_864, total: 0 };
        let error = choose(Request::Gpu(0), wide, &machine()).unwrap_err().to_string();
        assert!(error.contains("174 MB") && error.contains("134 MB"), "{error}");
        let error = choose(Request::Gpu(7), wide, &machine()).unwrap_err().to_string();
        assert!(error.contains("number 7") && error.contains("gpu:1 (the gpu:1)"), "{error}");
        let heavy = Need { largest_tensor: 0, total: 9 << 30 };
        assert!(matches!(choose(Request::Cpu, heavy, &machine()), Err(DeviceError::MemoryTooSmall { .. })));
    }

    #[test]
    fn names_are_read() {
        let read = |text: &str| text.parse::<Request>();
        assert_eq!(read("gpu:3"), Ok(Request::Gpu(3)));
        assert_eq!(read("gpu"), Ok(Request::Gpu(0)));
        assert!(read("cuda").unwrap_err().to_string().contains("`cuda`"));
    }
}
