/// Attention of low precision (attention_tensor_passes.cuh).
#include "attention_tensor_passes.cuh"

#define PLAIN_KERNELS(NAME, PRECISION, D, BLOCKS)                                                                     \
    BOUNDED(BLOCKS) attention_##NAME##_##D(OPERANDS, DROPOUT, float *context, float *lse) {                           \
        CALL();                                                                                                       \
        Attention<PRECISION, D, PLAIN>::forward(call, dropout, context, lse);                                         \
    }                                                                                                                 \
    BOUNDED(BLOCKS) attention_backward_keys_##NAME##_##D(                                                             \
        OPERANDS, GRADIENTS, DROPOUT, float *dk, float *dv) {                                                         \
        GRADIENT_CALL();                                                                                              \
        Attention<PRECISION, D, PLAIN>::template backward<true>(call, dropout, 0, dk, dv, 0, nullptr);                \
    }                                                                                                                 \
    BOUNDED(BLOCKS) attention_backward_queries_##NAME##_##D(OPERANDS, GRADIENTS, DROPOUT, float *dq) {                \
        GRADIENT_CALL();                                                                                              \
        Attention<PRECISION, D, PLAIN>::template backward<false>(call, dropout, 0, dq, nullptr, 0, nullptr);          \
    }

PLAIN_KERNELS(bf16, BF16, 32, 2)
PLAIN_KERNELS(bf16, BF16, 64, 2)
PLAIN_KERNELS(bf16, BF16, 128, 1)
PLAIN_KERNELS(fp16, FP16, 32, 2)
PLAIN_KERNELS(fp16, FP16, 64, 2)
PLAIN_KERNELS(fp16, FP16, 128, 1)
