/// One step of AdamW (Loshchilov & Hutter 2019), operation by operation as ScalarKernels. Grid: any.
#include "common.cuh"

/// p ← p·decay − stepSize · m / (√v/√bias2 + ε); g null is a gradient of zeros.
KERNEL adamw(
    long long n, float *p, const float *g, float *m, float *v, float scale, float one_less_beta1, float beta2,
    float one_less_beta2, float decay, float step_size, float root_bias2, float eps) {
    for (long long i = first(); i < n; i += stride()) {
        float gradient = g ? g[i] * scale : 0.0f;
        float mi = m[i] + (gradient - m[i]) * one_less_beta1;
        float vi = v[i] * beta2 + one_less_beta2 * gradient * gradient;
        p[i] = p[i] * decay - step_size * mi / (sqrtf(vi) / root_bias2 + eps);
        m[i] = mi;
        v[i] = vi;
    }
}
