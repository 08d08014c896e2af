#ifndef XENT_SRC_HPP
#define XENT_SRC_HPP

/// What the units of a program that define XENT_COMPILED only declare, for people without CMake: define XENT_COMPILED
/// for all of them, and include this header in one.

#ifndef XENT_COMPILED
#error \
    "xent: define XENT_COMPILED for all units of the program, as by -DXENT_COMPILED, where one includes <xent/src.hpp>"
#endif
#ifdef XENT_CONFIG_HPP
#error "xent: include <xent/src.hpp> before any other header of xent"
#endif
#define XENT_SOURCE

#include <xent/xent.hpp>

#include <xent/simd/instances/coefficients.inl>
#include <xent/simd/instances/columns.inl>
#include <xent/simd/instances/conversion.inl>
#include <xent/simd/instances/information.inl>
#include <xent/simd/instances/jacobian.inl>
#include <xent/simd/instances/labels.inl>
#include <xent/simd/instances/linear.inl>
#include <xent/simd/instances/logits.inl>
#include <xent/simd/instances/rows.inl>
#include <xent/simd/instances/samples.inl>
#include <xent/simd/instances/targets.inl>

#undef XENT_INSTANCE
#define XENT_INSTANCE template
#include <xent/detail/instances/checks.inl>
#include <xent/detail/instances/information.inl>
#include <xent/detail/instances/likelihood.inl>
#include <xent/detail/instances/logits.inl>
#include <xent/detail/instances/logsumexp.inl>
#include <xent/detail/instances/sigmoid_cross_entropy.inl>
#include <xent/detail/instances/softmax.inl>
#include <xent/detail/instances/softmax_cross_entropy.inl>
#include <xent/detail/instances/softmax_jacobian.inl>

#endif
