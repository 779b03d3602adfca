/// Attention of low precision with a bias by relative position (attention_tensor_passes.cuh).
#include "attention_tensor_passes.cuh"

#define BIAS_OPERANDS const float *bias, int half
#define NAMED_BIAS call.bias = bias; call.half = half;

#define BIASED_KERNELS(NAME, PRECISION, D, BLOCKS)                                                                    \
    BOUNDED(BLOCKS) biased_##NAME##_##D(OPERANDS, BIAS_OPERANDS, DROPOUT, float *context, float *lse) {               \
        CALL(NAMED_BIAS);                                                                                             \
        Attention<PRECISION, D, BIAS>::forward(call, dropout, context, lse);                                          \
    }                                                                                                                 \
    BOUNDED(BLOCKS) biased_backward_keys_##NAME##_##D(                                                                \
        OPERANDS, BIAS_OPERANDS, GRADIENTS, DROPOUT, float *dk, float *dv) {                                          \
        GRADIENT_CALL(NAMED_BIAS);                                                                                    \
        Attention<PRECISION, D, BIAS>::template backward<true>(call, dropout, 0, dk, dv, 0, nullptr);                 \
    }                                                                                                                 \
    BOUNDED(BLOCKS) biased_backward_queries_##NAME##_##D(                                                             \
        OPERANDS, BIAS_OPERANDS, GRADIENTS, DROPOUT, float *dq, int span, float *parts) {                             \
        GRADIENT_CALL(NAMED_BIAS);                                                                                    \
        Attention<PRECISION, D, BIAS>::template backward<false>(call, dropout, 0, dq, nullptr, span, parts);          \
    }

// also of narrower heads
BIASED_KERNELS(bf16, BF16, 64, 2)
BIASED_KERNELS(bf16, BF16, 128, 1)
BIASED_KERNELS(fp16, FP16, 64, 2)
BIASED_KERNELS(fp16, FP16, 128, 1)
