/// Attention in float32 with a bias by relative position (attention_passes.cuh).
#include "attention_passes.cuh"

#define BIAS_OPERANDS const float *bias, int half
#define NAMED_BIAS call.bias = bias; call.half = half;

#define BIASED_KERNELS(D, R)                                                                                          \
    KERNEL biased_##D(OPERANDS, BIAS_OPERANDS, DROPOUT, float *context, float *lse) {                                 \
        CALL(NAMED_BIAS);                                                                                             \
        Attention<D, R, BIAS>::forward(call, dropout, context, lse);                                                  \
    }                                                                                                                 \
    KERNEL biased_backward_keys_##D(OPERANDS, BIAS_OPERANDS, GRADIENTS, DROPOUT, float *dk, float *dv) {              \
        GRADIENT_CALL(NAMED_BIAS);                                                                                    \
        Attention<D, R, BIAS>::backward_keys(call, dropout, dk, dv);                                                  \
    }                                                                                                                 \
    KERNEL biased_backward_queries_##D(                                                                               \
        OPERANDS, BIAS_OPERANDS, GRADIENTS, DROPOUT, float *dq, int span, float *to_bias) {                           \
        GRADIENT_CALL(NAMED_BIAS);                                                                                    \
        Attention<D, R, BIAS>::backward_queries(call, dropout, 0, dq, {span, nullptr, nullptr, to_bias});             \
    }

BIASED_KERNELS(64, 4) // also of narrower heads
BIASED_KERNELS(128, 2)
