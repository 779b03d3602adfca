/// Tensors with reverse-mode automatic differentiation over hand-written SIMD kernels.
module dev.merapi.engine {
    requires jdk.incubator.vector;
    requires static jcuda; // optional: for Device.cuda()

    exports dev.merapi.engine;
    exports dev.merapi.engine.cuda;
    exports dev.merapi.engine.kernel;
}
