// Before onnxruntime is loaded: 1.30 writes an identifier of the device into the user's folder and sends what models are
// run to its makers, unless this is set. Models and what is asked of them stay on this machine.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
