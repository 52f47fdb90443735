"""Where a mixture runs without mixtura: as a graph of ONNX, as a statement of SQL."""
