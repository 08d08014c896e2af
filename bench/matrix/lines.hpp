#ifndef XENT_BENCH_MATRIX_LINES_HPP
#define XENT_BENCH_MATRIX_LINES_HPP

/// The lines of the table, family by family; each is compiled in a file of its own, for all scalars.

#include "problem.hpp"
#include "ratio_table.hpp"

namespace bench {

template <class Scalar>
void softmax_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void cross_entropy_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void logit_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void information_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void count_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void sigmoid_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void nll_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void regression_lines(RatioTable& table, Problem<Scalar>& p);
template <class Scalar>
void linear_lines(RatioTable& table, Problem<Scalar>& p);

}  // namespace bench

#endif
