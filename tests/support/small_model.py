"""A real ONNX network, made here: 4 × 4 means of each colour, less the mean of all."""

from __future__ import annotations

SIZE = 32


def means() -> bytes:
    import onnx

    h = onnx.helper
    nodes = [
        h.make_node("AveragePool", ["picture"], ["means"], kernel_shape=[8, 8], strides=[8, 8]),
        h.make_node("Flatten", ["means"], ["flat"]),
        h.make_node("ReduceMean", ["flat"], ["middle"], keepdims=1),
        h.make_node("Sub", ["flat", "middle"], ["vector"]),
    ]
    graph = h.make_graph(
        nodes,
        "means",
        [h.make_tensor_value_info("picture", onnx.TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [h.make_tensor_value_info("vector", onnx.TensorProto.FLOAT, [1, 48])],
    )
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()
