"""A whole image by OpenVINO: the engine's graphs of argv[1], what it compiles kept in argv[2]; four steps of
Euler with guidance, to argv[3]."""
import sys

import numpy
import openvino
from PIL import Image

folder, compiled, out = sys.argv[1:]
steps, guidance, edge = 4, 7.5, 64
core = openvino.Core()
# As prepared networks are: what it has compiled is read by the next process.
core.set_property({"CACHE_DIR": compiled})


def opened(name, shapes):
    model = core.read_model(f"{folder}/{name}.onnx")
    model.reshape(shapes)
    compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    types = {each.any_name: each.element_type.to_dtype() for each in compiled.inputs}
    return lambda **feeds: compiled({key: numpy.asarray(value, types[key]) for key, value in feeds.items()})[0]


text = opened("text", {"input_ids": [2, 77]})(input_ids=numpy.full((2, 77), 320))
alphas = numpy.cumprod(1 - numpy.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
times = numpy.linspace(999, 0, steps)
sigmas = numpy.interp(times, numpy.arange(1000), ((1 - alphas) / alphas) ** 0.5)
sigmas = numpy.append(sigmas, 0)
shapes = {"sample": [2, 4, edge, edge], "timestep": [1], "encoder_hidden_states": [2, 77, 768]}
unet = opened("unet", shapes)
latents = numpy.random.default_rng(7).standard_normal((1, 4, edge, edge)) * sigmas[0]
for sigma, following, time in zip(sigmas, sigmas[1:], times):
    sample = numpy.repeat(latents / (sigma**2 + 1) ** 0.5, 2, 0)
    plain, guided = unet(sample=sample, timestep=[time], encoder_hidden_states=text)
    latents = latents + (plain + guidance * (guided - plain)) * (following - sigma)
image = opened("decode-512", {"latent_sample": [1, 4, edge, edge]})(latent_sample=latents / 0.18215)
pixels = numpy.clip(image[0].transpose(1, 2, 0) * 127.5 + 127.5, 0, 255)
# Random weights give anything, and not always numbers.
Image.fromarray(numpy.nan_to_num(pixels).astype(numpy.uint8)).save(out)
