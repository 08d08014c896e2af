// What xent/detail/arguments/checks.hpp compiles once where XENT_COMPILED is defined: XENT_INSTANCE is `extern
// template` where it is declared, `template` where it is defined.

XENT_NAMESPACE_BEGIN
namespace detail {

#define XENT_INSTANCES_OF(Targets, Options)                                                                   \
  XENT_INSTANCE CountedSamples<RealOfOptions<Options>> check_batch(const char*, const Targets&, Index, Index, \
                                                                   const Options&);
#define XENT_INSTANCES(Real)                                         \
  XENT_INSTANCES_OF(LabelTargetsOf<Real>, CrossEntropyOptions<Real>) \
  XENT_INSTANCES_OF(DenseTargetsOf<Real>, CrossEntropyOptions<Real>) \
  XENT_INSTANCES_OF(EntryTargetsOf<Real>, CrossEntropyOptions<Real>) \
  XENT_INSTANCES_OF(LabelTargetsOf<Real>, NllOptions<Real>)          \
  XENT_INSTANCES_OF(NoTargets, LogitOptions<Real>)
XENT_FOR_EACH_REAL(XENT_INSTANCES)
XENT_INSTANCES_OF(DenseTargetsOf<Eigen::half>, CrossEntropyOptions<float>)
XENT_INSTANCES_OF(DenseTargetsOf<Eigen::bfloat16>, CrossEntropyOptions<float>)
#undef XENT_INSTANCES
#undef XENT_INSTANCES_OF

}  // namespace detail
XENT_NAMESPACE_END
