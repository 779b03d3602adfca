/// One step of AdamW (Loshchilov & Hutter 2019) over all parameters, operation by operation as ScalarKernels.
#include "common.cuh"

/// The operands of one parameter, all [n], whose chunks begin with number `first`; g null is a gradient of zeros.
struct Update {
    float *p;
    const float *g;
    float *m, *v;
    long long n, first;
};

/// The scalars of one parameter.
struct Step {
    float scale, one_less_beta1, beta2, one_less_beta2, decay, step_size, root_bias2, eps;
};

/// p ← p·decay − stepSize · m / (√v/√bias2 + ε). The gradients are multiplied with clip[0], too, or nothing happens if
/// that is no number; null is 1.
///
///     grid: Σ ⌈n/chunk⌉    updates, steps [count]
KERNEL adamw(int count, int chunk, const Update *updates, const Step *steps, const float *clip) {
    float clipped = clip ? *clip : 1.0f;
    if (clipped != clipped) return;
    int which = owner(count, updates);
    Update u = updates[which];
    Step s = steps[which];
    float scale = s.scale * clipped;
    long long begin = (blockIdx.x - u.first) * chunk, end = min(u.n, begin + chunk);
    for (long long i = begin + threadIdx.x; i < end; i += THREADS) {
        float gradient = u.g ? u.g[i] * scale : 0.0f;
        float mi = u.m[i] + (gradient - u.m[i]) * s.one_less_beta1;
        float vi = u.v[i] * s.beta2 + s.one_less_beta2 * gradient * gradient;
        u.p[i] = u.p[i] * s.decay - s.step_size * mi / (sqrtf(vi) / s.root_bias2 + s.eps);
        u.m[i] = mi;
        u.v[i] = vi;
    }
}
