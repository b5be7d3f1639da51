/// Operators over their options, and ONNX Runtime's results to compare with: helpers of the tests
/// of all modules that compute networks.
package falcon.model.grid;
