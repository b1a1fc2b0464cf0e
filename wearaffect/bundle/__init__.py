"""What ships to the edge: manifest, hashes, the one door to onnxruntime, predictor, self-test.

Owns the contract between training and serving. Refuses torch, scipy and pandas.
"""
