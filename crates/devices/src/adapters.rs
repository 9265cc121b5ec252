//! What this machine can compute on.

use serde::Serialize;

use crate::Request;

/// One thing to compute on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adapter {
    /// How to ask for it: `cpu`, `gpu:0`, `software`.
    pub id: String,
    /// As the driver or the system calls it.
    pub name: String,
    /// What sort of thing it is.
    pub kind: Kind,
    /// The interface it is driven through (`Vulkan`, `Metal`, `Dx12`, `Gl`); `None` for the processor.
    pub backend: Option<String>,
    /// The driver and its version, where it says.
    pub driver: Option<String>,
    /// Bytes of memory, where the system says.
    pub memory: Option<u64>,
    /// What it allows; `None` for the processor, which has none of these.
    pub limits: Option<Limits>,
    /// Whether it computes in half precision.
    pub half_precision: bool,
    /// Its number among those of its kind, as the tensor library counts them.
    #[serde(skip)]
    pub(crate) index: usize,
}

/// Sorts of adapters, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A graphics card with memory of its own.
    Discrete,
    /// Graphics that share the processor's memory.
    Integrated,
    /// A part of a card, given to a virtual machine.
    Virtual,
    /// The processor itself, by Osler's own kernels.
    Processor,
    /// A graphics interface that is only imitated by the processor.
    Software,
}

/// What an adapter allows at most, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Of one allocation.
    pub buffer: u64,
    /// Of what a kernel sees as one tensor.
    pub binding: u64,
}

/// Everything this machine has, graphics adapters first and the processor last. Of several interfaces to the same cards
/// the best counts, as when a device is opened.
#[must_use]
pub fn list() -> Vec<Adapter> {
    let mut found = graphics();
    found.sort_by_key(|a| (a.kind, a.index));
    let mut number = 0;
    for adapter in &mut found {
        if adapter.kind == Kind::Software {
            adapter.id = "software".to_owned();
        } else {
            adapter.id = format!("gpu:{number}");
            number += 1;
        }
    }
    found.push(processor());
    found
}

fn graphics() -> Vec<Adapter> {
    let chain: &[wgpu::Backends] = if cfg!(target_os = "macos") {
        &[wgpu::Backends::METAL]
    } else if cfg!(target_os = "windows") {
        &[wgpu::Backends::VULKAN, wgpu::Backends::DX12]
    } else {
        &[wgpu::Backends::VULKAN, wgpu::Backends::GL]
    };
    for backends in chain {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = *backends;
        let instance = wgpu::Instance::new(descriptor);
        let adapters = block_on(instance.enumerate_adapters(*backends));
        if !adapters.is_empty() {
            let mut counts = [0; 5];
            return adapters.iter().map(|a| describe(a, &mut counts)).collect();
        }
    }
    Vec::new()
}

fn describe(adapter: &wgpu::Adapter, counts: &mut [usize; 5]) -> Adapter {
    let info = adapter.get_info();
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => Kind::Discrete,
        wgpu::DeviceType::IntegratedGpu => Kind::Integrated,
        wgpu::DeviceType::VirtualGpu | wgpu::DeviceType::Other => Kind::Virtual,
        wgpu::DeviceType::Cpu => Kind::Software,
    };
    let index = counts[kind as usize];
    counts[kind as usize] += 1;
    let limits = adapter.limits();
    let driver = [info.driver, info.driver_info].join(" ");
    Adapter {
        id: String::new(),
        name: info.name,
        kind,
        backend: Some(format!("{:?}", info.backend)),
        driver: Some(driver.trim().to_owned()).filter(|d| !d.is_empty()),
        memory: card_memory(&info.device_pci_bus_id),
        limits: Some(Limits {
            buffer: limits.max_buffer_size,
            binding: limits.max_storage_buffer_binding_size,
        }),
        half_precision: adapter.features().contains(wgpu::Features::SHADER_F16),
        index,
    }
}

/// The memory of the card at this place on the bus, where the kernel reports it (amdgpu does).
fn card_memory(bus: &str) -> Option<u64> {
    if bus.is_empty() || !bus.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.') {
        return None;
    }
    let text = std::fs::read_to_string(format!("/sys/bus/pci/devices/{bus}/mem_info_vram_total")).ok()?;
    text.trim().parse().ok()
}

/// What may be taken for a request: no graphics driver is looked at where the processor is asked for.
#[must_use]
pub fn list_for(request: Request) -> Vec<Adapter> {
    if request == Request::Cpu { vec![processor()] } else { list() }
}

/// The processor, without a look at any graphics driver.
#[must_use]
pub fn processor() -> Adapter {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let name = model.unwrap_or_else(|| format!("{} processor", std::env::consts::ARCH));
    Adapter {
        id: "cpu".to_owned(),
        name: format!("{name}, {cores} cores"),
        kind: Kind::Processor,
        backend: None,
        driver: None,
        memory: system_memory(),
        limits: None,
        half_precision: false,
        index: 0,
    }
}

/// Bytes of the machine's memory, where it is easy to know.
fn system_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Waits for an answer that the native interfaces give at once.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
