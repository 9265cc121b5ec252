//! A weight matrix as it was trained, or quantised.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
};
use burn::tensor::{Device, Int, Tensor, TensorData};
use operations::{Bits, Precision, Quantised};

/// A matrix `[outputs, inputs]`.
///
/// To visitors and mappers it is the parameter itself: a quantised one is no parameter, it cannot be trained.
#[derive(Debug, Clone)]
pub enum Matrix {
    /// 32-bit floats (16-bit ones are widened when they are loaded).
    Float(Param<Tensor<2>>),
    /// 8 or 4 bits a weight, on the CPU.
    Quantised(Quantised),
}

impl Matrix {
    /// A matrix of floats.
    #[must_use]
    pub fn from_tensor(tensor: Tensor<2>) -> Self {
        Self::Float(Param::from_tensor(tensor))
    }

    /// The packed words of a matrix; unpacked if the device is not the CPU. `None` if they are not those of the shape.
    pub(crate) fn from_words(
        words: TensorData,
        shape: [usize; 2],
        bits: Bits,
        device: &Device,
    ) -> Option<Self> {
        if operations::is_cpu(device) {
            return Quantised::from_words(words, shape, bits, device).map(Self::Quantised);
        }
        let right = Quantised::fits(shape[1]) && words.shape()[..] == bits.packed_shape(shape[0], shape[1]);
        let words = words.try_into_vec::<i32>().ok().filter(|_| right)?;
        let weights = Quantised::unpacked(&words, shape, bits);
        Some(Self::from_tensor(Tensor::from_data(TensorData::new(weights, shape), device)))
    }

    /// The same with fewer bits a weight. As it is where it is quantised already, not on the CPU, or the inputs are no
    /// whole blocks of 32.
    #[must_use]
    pub fn quantise(self, bits: Bits) -> Self {
        match &self {
            Self::Float(param) if Quantised::fits(param.dims()[1]) => {
                let (shape, device) = (param.dims(), param.device());
                let weights = param.val().into_data().convert::<f32>().try_into_vec::<f32>();
                let quantised = weights.ok().and_then(|weights| {
                    let words = Quantised::words(&weights, shape[1], bits);
                    let words = TensorData::new(words, bits.packed_shape(shape[0], shape[1]));
                    Quantised::from_words(words, shape, bits, &device)
                });
                quantised.map_or(self, Self::Quantised)
            }
            _ => self,
        }
    }

    /// `[outputs, inputs]`
    #[must_use]
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Float(param) => param.dims(),
            Self::Quantised(quantised) => quantised.dims(),
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn device(&self) -> Device {
        match self {
            Self::Float(param) => param.device(),
            Self::Quantised(quantised) => quantised.device(),
        }
    }

    /// The weights as floats.
    #[must_use]
    pub fn val(&self) -> Tensor<2> {
        match self {
            Self::Float(param) => param.val(),
            Self::Quantised(quantised) => quantised.to_float(),
        }
    }

    /// x·Wᵀ + b, see [`operations::linear`].
    pub(crate) fn linear<const D: usize>(
        &self,
        x: Tensor<D>,
        bias: Tensor<1>,
        precision: Precision,
    ) -> Tensor<D> {
        match self {
            Self::Float(param) => operations::linear(x, param.val(), bias, precision),
            Self::Quantised(quantised) => quantised.linear(x, bias),
        }
    }

    /// x·Wᵀ, see [`operations::project`].
    pub(crate) fn project(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Float(param) => operations::project(x, param.val()),
            Self::Quantised(quantised) => quantised.project(x),
        }
    }

    /// Rows by index, see [`operations::embed`].
    pub(crate) fn embed(&self, indices: Tensor<2, Int>) -> Tensor<3> {
        match self {
            Self::Float(param) => operations::embed(param.val(), indices),
            Self::Quantised(quantised) => quantised.embed(indices),
        }
    }

    fn map_param(self, f: impl FnOnce(Param<Tensor<2>>) -> Param<Tensor<2>>) -> Self {
        match self {
            Self::Float(param) => Self::Float(f(param)),
            Self::Quantised(_) => self,
        }
    }

    /// Quantised weights on another device: unpacked, unless that is the CPU, too.
    fn moved(self, device: &Device, f: impl FnOnce(Param<Tensor<2>>) -> Param<Tensor<2>>) -> Self {
        match self {
            Self::Float(param) => Self::Float(f(param)),
            Self::Quantised(_) if operations::is_cpu(device) => self,
            Self::Quantised(quantised) => Self::from_tensor(quantised.to_float().to_device(device)),
        }
    }
}

impl Module for Matrix {
    fn collect_devices(&self, devices: Devices) -> Devices {
        match self {
            Self::Float(param) => param.collect_devices(devices),
            Self::Quantised(quantised) => {
                let (mut devices, own) = (devices, quantised.device());
                if !devices.contains(&own) {
                    devices.push(own);
                }
                devices
            }
        }
    }

    fn fork(self, device: &Device) -> Self {
        self.moved(device, |param| param.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.moved(device, |param| param.to_device(device))
    }

    fn train(self) -> Self {
        self.map_param(Module::train)
    }

    fn valid(&self) -> Self {
        self.clone().map_param(|param| param.valid())
    }

    fn materialize(self) -> Self {
        self.map_param(Module::materialize)
    }

    fn num_params(&self) -> usize {
        self.dims().into_iter().product()
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        if let Self::Float(param) = self {
            visitor.visit_float(param);
        }
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Self {
        self.map_param(|param| mapper.map_float(param))
    }
}

impl ModuleDisplayDefault for Matrix {
    fn content(&self, content: Content) -> Option<Content> {
        match self {
            Self::Float(param) => ModuleDisplayDefault::content(param, content),
            Self::Quantised(quantised) => {
                content.add_single(&format!("{:?} {:?}", quantised.bits(), quantised.dims())).optional()
            }
        }
    }
}

impl ModuleDisplay for Matrix {}
