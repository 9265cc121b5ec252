use crate::stored::ElementType;
use crate::tensor::Dtype;

/// A class or function that a checkpoint may name. None of them is ever called; [`super::machine`] makes the plain
/// value that calling it would have described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Global {
    /// `collections.OrderedDict`
    OrderedDict,
    /// `argparse.Namespace`
    Namespace,
    /// `torch._utils._rebuild_tensor_v2`
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`: a tensor that is trained.
    RebuildParameter,
    /// `torch.Size`: a tuple.
    Size,
    /// `torch.FloatStorage` and its siblings.
    Storage(ElementType),
    /// `_codecs.encode`: how protocol 2 spells bytes.
    Encode,
    /// `numpy.dtype` and `numpy.core.multiarray.scalar`, in fairseq's training statistics. Nobody reads their value.
    Numpy,
    /// `omegaconf` mappings and lists.
    OmegaContainer,
    /// A value in an `omegaconf` container.
    OmegaNode,
    /// What `omegaconf` keeps about its values.
    OmegaMetadata,
    /// A type that metadata refers to.
    Type,
}

/// The whole list. What is not here is refused by name.
pub(super) fn lookup(module: &str, name: &str) -> Option<Global> {
    Some(match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("argparse", "Namespace") => Global::Namespace,
        ("torch._utils", "_rebuild_tensor_v2") => Global::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Global::RebuildParameter,
        ("torch", "Size") => Global::Size,
        ("torch", _) => Global::Storage(storage(name)?),
        ("_codecs", "encode") => Global::Encode,
        ("numpy", "dtype") => Global::Numpy,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Global::Numpy,
        ("omegaconf.dictconfig", "DictConfig") | ("omegaconf.listconfig", "ListConfig") => {
            Global::OmegaContainer
        }
        (
            "omegaconf.nodes",
            "AnyNode" | "StringNode" | "IntegerNode" | "FloatNode" | "BooleanNode" | "BytesNode" | "PathNode",
        ) => Global::OmegaNode,
        ("omegaconf.base", "Metadata" | "ContainerMetadata") => Global::OmegaMetadata,
        ("typing", "Any" | "Dict" | "List") => Global::Type,
        ("builtins", "dict" | "list" | "tuple" | "str" | "int" | "float" | "bool") => Global::Type,
        (
            "fairseq.dataclass.configs" | "fairseq.models.transformer_lm" | "fairseq.tasks.language_modeling",
            class,
        ) if class.ends_with("Config") => Global::Type,
        _ => return None,
    })
}

fn storage(name: &str) -> Option<ElementType> {
    let other = |name, size| ElementType::Other { name, size };
    Some(match name {
        "FloatStorage" => ElementType::Weight(Dtype::F32),
        "HalfStorage" => ElementType::Weight(Dtype::F16),
        "BFloat16Storage" => ElementType::Weight(Dtype::Bf16),
        "DoubleStorage" => other("F64", 8),
        "LongStorage" => other("I64", 8),
        "IntStorage" => other("I32", 4),
        "ShortStorage" => other("I16", 2),
        "CharStorage" => other("I8", 1),
        "ByteStorage" => other("U8", 1),
        "BoolStorage" => other("BOOL", 1),
        _ => return None,
    })
}
