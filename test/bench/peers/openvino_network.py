"""The engine's own graph in OpenVINO: argv is the .onnx file, and what it is fed, `{name: shape}` as JSON."""
import json
import sys

import numpy
import openvino
from line_protocol import serve

path, shapes = sys.argv[1], json.loads(sys.argv[2])


def open_network():
    core = openvino.Core()
    model = core.read_model(path)
    model.reshape(shapes)
    # Otherwise it computes in what this processor is best at: bfloat16, where it has that.
    compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    feeds = {name: numpy.sin(numpy.arange(numpy.prod(shape)).reshape(shape)) for name, shape in shapes.items()}
    feeds = {each.any_name: feeds[each.any_name].astype(each.element_type.to_dtype()) for each in compiled.inputs}
    request = compiled.create_infer_request()
    return lambda: request.infer(feeds)


serve(open_network)
