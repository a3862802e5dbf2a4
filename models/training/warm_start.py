"""Begins a training from weights of an earlier one: a checkpoint, or the ONNX file that was shipped.

An exported network has its batch normalisations folded into the convolutions before them. They are unfolded by
measuring: on a batch of samples, mean and variance of every convolution's output become the normalisation's statistics,
and its weight and bias are set so that the network answers as the file does. The head for the expected DSC is taken over
where the file has one; that of version 1 has none.
"""

import numpy as np
import torch

from crop import LOOK
from network import FURTHER


def load_initial(network, path, batches):
    """Sets the weights that `path` has; layers it lacks keep theirs (they begin as the identity)."""
    if path.suffix == ".pt":
        network.load_state_dict(torch.load(path, map_location="cpu")["average"], strict=False)
        return
    convolutions, tensors = read_onnx(path)
    names = execution_order(network)
    # Version 1 had none of the further blocks, those up to 5 no finer edge.
    for lacking in (("fine.",), FURTHER):
        if len(convolutions) != len(names):
            names = [pair for pair in names if not pair[0].startswith(lacking)]
    if len(convolutions) != len(names):
        raise SystemExit(f"{path} has {len(convolutions)} convolutions, the network without its later additions {len(names)}")
    modules = dict(network.named_modules())
    with torch.no_grad():
        for (name, norm), (weight, bias) in zip(names, convolutions):
            modules[name].weight.copy_(torch.from_numpy(weight))
            (modules[norm] if norm else modules[name]).bias.copy_(torch.from_numpy(bias))
        for name, parameter in network.quality.named_parameters():
            if (stored := tensors.get(f"network.quality.{name}".encode())) is not None:
                parameter.copy_(torch.from_numpy(stored))
    unfold(network, {norm: modules[norm] for _, norm in names if norm}, torch.cat(batches))


def execution_order(network):
    """[(convolution, its normalisation or None)] in the order in which the network runs them, as an exported graph lists them."""
    order, modules = [], dict(network.named_modules())
    handles = [
        module.register_forward_hook(lambda *_, name=name: order.append(name))
        for name, module in modules.items()
        if isinstance(module, torch.nn.Conv2d)
    ]
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, 5, LOOK.size_px, LOOK.size_px))
    for handle in handles:
        handle.remove()
    return [(name, next((norm for norm in norms_after(name) if isinstance(modules.get(norm), torch.nn.BatchNorm2d)), None)) for name in order]


def norms_after(name):
    """What the normalisation after a convolution may be called: in a block, or as the next layer of a sequence."""
    parent, _, last = name.rpartition(".")
    return [f"{name}_norm"] + ([f"{parent}.{int(last) + 1}"] if last.isdigit() else [])


def unfold(network, norms, inputs):
    """Gives each normalisation the statistics of what reaches it, without changing what the network answers."""
    seen = {}

    def keep(norm):
        def hook(_, arguments):
            seen[norm] = (arguments[0].mean((0, 2, 3)), arguments[0].var((0, 2, 3), unbiased=False))
        return norm.register_forward_pre_hook(hook)

    for norm in norms.values():
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        torch.nn.init.ones_(norm.weight)
    handles = [keep(norm) for norm in norms.values()]
    network.eval()
    with torch.no_grad():
        before = network(inputs)[0]
        for handle in handles:
            handle.remove()
        for norm, (mean, variance) in seen.items():
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.bias.add_(mean)
            norm.weight.copy_((variance + norm.eps).sqrt())
        difference = float((network(inputs)[0] - before).abs().max())
    print(f"unfolding changed logits by at most {difference:.2e}", flush=True)
    if difference > 1e-2:
        raise SystemExit("the normalisations could not be unfolded")


def read_onnx(path):
    """([(weight, bias)] of an ONNX file's convolutions in the order of its nodes, {name in bytes: stored array}), float32."""
    graph = dict(fields(path.read_bytes()))[7]
    nodes, tensors = [], {}
    for number, value in fields(graph):
        if number == 1:
            nodes.append(value)
        elif number == 5:
            name, array = tensor(value)
            tensors[name] = array
    found = []
    for node in nodes:
        entries = list(fields(node))
        if any(number == 4 and value == b"Conv" for number, value in entries):
            _, weight, bias = [value for number, value in entries if number == 1]
            found.append((tensors[weight], tensors[bias]))
    return found, tensors


def tensor(data):
    """(name, float32 array) of a TensorProto with raw data; None instead of an array of another type."""
    dims, kind, name, raw = [], 0, b"", b""
    for number, value in fields(data):
        if number == 1:
            dims += [value] if isinstance(value, int) else list(varints(value))
        elif number == 2:
            kind = value
        elif number == 8:
            name = value
        elif number == 9:
            raw = value
    return name, np.frombuffer(raw, np.float32).reshape(dims).copy() if kind == 1 else None


def fields(data):
    """(field number, value) of a protobuf message: integers, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            length = {1: 8, 5: 4}[key & 7]
            value, at = data[at : at + length], at + length
        yield key >> 3, value


def varints(data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
