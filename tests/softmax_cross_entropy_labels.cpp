// Labels of every integer type, in every container, and what lies beyond the classes.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "support/cross_entropy.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using Options = xent::CrossEntropyOptions<double>;
using support::near;

template <class Integer>
using Column = Eigen::Matrix<Integer, Eigen::Dynamic, 1>;
template <class Integer>
using Row = Eigen::Matrix<Integer, 1, Eigen::Dynamic>;

/// 3 classes, 5 samples; the labels 1, 0, 1, 0, 1 are valid in every type, bool included.
struct Fixture {
  Eigen::MatrixXd z = Eigen::MatrixXd(3, 5);
  Column<int> labels = (Column<int>(5) << 1, 0, 1, 0, 1).finished();
  Eigen::MatrixXd gradient, hvp;
  double loss = 0;

  Fixture() {
    support::Random random(11);
    random.fill_normal(z, 0, 2);
    loss = xent::softmax_cross_entropy(z, labels, gradient);
    hvp = xent::softmax_cross_entropy_hvp(z, labels, z);
  }

  template <class Labels>
  bool agrees(const Labels& other) const {
    Eigen::MatrixXd g;
    return near(xent::softmax_cross_entropy(z, other), loss) && near(xent::softmax_cross_entropy(z, other, g), loss) &&
           near(g, gradient) && near(xent::softmax_cross_entropy_hvp(z, other, z), hvp);
  }
};

/// A view of every other label, as tensor libraries have them: it has data(), but labels are where operator[] says.
struct Apart {
  const int* labels;
  std::size_t count;

  const int* data() const { return labels; }
  std::size_t size() const { return count; }
  int operator[](std::size_t i) const { return labels[2 * i]; }
};

/// The message, or nothing if nothing is thrown.
template <class Call>
std::string out_of_range(Call call) {
  try {
    call();
  } catch (const std::out_of_range& error) {
    return error.what();
  }
  return "";
}

std::string message(int sample, const std::string& label, int classes) {
  return "xent::softmax_cross_entropy: label of sample " + std::to_string(sample) + ": got " + label +
         ", expected a class in [0, " + std::to_string(classes) + ")";
}

}  // namespace

TEMPLATE_TEST_CASE("labels of every integer type", "", std::int8_t, std::int16_t, std::int32_t, std::int64_t,
                   std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, bool, char, long long,
                   unsigned long long) {
  const Fixture f;
  const Column<TestType> column = f.labels.cast<TestType>();
  const Row<TestType> row = column.transpose();
  CHECK(f.agrees(column));
  CHECK(f.agrees(row));
  CHECK(f.agrees(column.array()));
  CHECK(f.agrees(column.transpose()));
  CHECK(f.agrees(Eigen::Matrix<TestType, 5, 1>(column)));
  CHECK(f.agrees(std::vector<TestType>{1, 0, 1, 0, 1}));
  CHECK(f.agrees(std::array<TestType, 5>{1, 0, 1, 0, 1}));
  const TestType c_array[] = {1, 0, 1, 0, 1};
  CHECK(f.agrees(c_array));

  const Eigen::VectorXd z = f.z.col(0);
  const double loss = xent::softmax_cross_entropy(z, 1);
  CHECK(near(xent::softmax_cross_entropy(z, TestType(1)), loss));
  CHECK(near(xent::softmax_cross_entropy(z.transpose(), TestType(1)), loss));
  CHECK(near(xent::softmax_cross_entropy(z, std::vector<TestType>{1}), loss));
  CHECK(near(xent::softmax_cross_entropy(z, Column<TestType>(column.head(1))), loss));
  CHECK(near(xent::softmax_cross_entropy(z, Eigen::Matrix<TestType, 1, 1>(TestType(1))), loss));
}

TEST_CASE("labels in memory of any stride, and lazy ones") {
  const Fixture f;
  Eigen::MatrixXi table = Eigen::MatrixXi::Constant(6, 7, 99);
  table.col(2).head(5) = f.labels;
  CHECK(f.agrees(table.col(2).head(5)));
  CHECK(f.agrees(table.col(2).head(5).transpose()));
  table.row(1).tail(5) = f.labels.transpose();
  CHECK(f.agrees(table.row(1).tail(5)));
  table.diagonal().head(5) = f.labels;
  CHECK(f.agrees(table.diagonal().head(5)));
  std::vector<int> memory{1, 99, 0, 99, 1, 99, 0, 99, 1};
  CHECK(f.agrees(Eigen::Map<Eigen::VectorXi, 0, Eigen::InnerStride<2>>(memory.data(), 5)));
  CHECK(f.agrees(Eigen::Ref<const Eigen::VectorXi>(f.labels)));
  CHECK(f.agrees(Eigen::VectorXd(f.labels.cast<double>()).cast<std::int8_t>()));
  CHECK(f.agrees(f.labels.array() > 0));
  CHECK(f.agrees(f.labels.reverse()));
  CHECK(f.agrees(std::deque<short>{1, 0, 1, 0, 1}));
  const std::vector<int> gaps{1, 2, 0, 2, 1, 2, 0, 2, 1};
  CHECK(f.agrees(Apart{gaps.data(), 5}));
}

TEST_CASE("lazy labels are evaluated exactly once") {
  const Fixture f;
  int evaluations = 0;
  const auto lazy = f.labels.unaryExpr([&evaluations](int label) {
    ++evaluations;
    return label;
  });
  Eigen::MatrixXd gradient;
  xent::CrossEntropyReport<double> report;
  Options options;
  options.label_smoothing = 0.1;
  options.class_weights = {1, 2, 3};
  xent::softmax_cross_entropy(f.z, lazy, gradient, options, &report);
  CHECK(evaluations == 5);
  xent::softmax_cross_entropy_hvp(f.z, lazy, f.z, options);
  CHECK(evaluations == 10);
}

TEST_CASE("a label that is no class throws, with its sample and its value") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(3, 4);
  const auto thrown = [&z](const auto& labels) {
    return out_of_range([&] { xent::softmax_cross_entropy(z, labels); });
  };
  CHECK(thrown(std::vector<int>{0, 2, 3, 1}) == message(2, "3", 3));
  CHECK(thrown(std::vector<int>{0, -1, 2, 1}) == message(1, "-1", 3));
  CHECK(thrown(std::vector<int>{0, 5, -2, 7}) == message(1, "5", 3));
  CHECK(thrown(Eigen::Vector4i(0, 0, 0, -101)) == message(3, "-101", 3));
  CHECK(thrown(std::vector<std::int8_t>{127, 0, 0, 0}) == message(0, "127", 3));
  CHECK(thrown(std::vector<std::int8_t>{-128, 0, 0, 0}) == message(0, "-128", 3));
  CHECK(thrown(std::vector<std::uint8_t>{0, 255, 0, 0}) == message(1, "255", 3));
  CHECK(thrown(std::vector<char>{'a', 0, 0, 0}) == message(0, "97", 3));
  CHECK(thrown(std::vector<std::int64_t>{0, 0, std::int64_t{1} << 32, 0}) == message(2, "4294967296", 3));
  CHECK(out_of_range([] { xent::softmax_cross_entropy(Eigen::Vector3d(1, 2, 3), 3); }) == message(0, "3", 3));
  CHECK(out_of_range([] { xent::softmax_cross_entropy(Eigen::Vector3d(1, 2, 3), -1); }) == message(0, "-1", 3));
  // bool is never out of range of two classes, but of one
  CHECK(out_of_range([] {
          xent::softmax_cross_entropy(Eigen::MatrixXd(Eigen::MatrixXd::Zero(1, 2)), std::vector<bool>{false, true});
        }) == message(1, "1", 1));
}

// -100 in an unsigned type is a label like any other, and no class: it must neither wrap into a class nor become the
// default ignore_index.
TEMPLATE_TEST_CASE("unsigned labels beyond the range do not wrap", "", std::uint8_t, std::uint16_t, std::uint32_t,
                   std::uint64_t) {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(3, 1);
  for (const int below_zero : {-1, -2, -100, -128}) {
    const std::vector<TestType> labels{static_cast<TestType>(below_zero)};
    CAPTURE(below_zero);
    CHECK_THROWS_AS(xent::softmax_cross_entropy(z, labels), std::out_of_range);
    const Column<TestType> column = Column<TestType>::Constant(1, labels[0]);
    CHECK_THROWS_AS(xent::softmax_cross_entropy(z, column), std::out_of_range);
    CHECK_THROWS_AS(xent::softmax_cross_entropy(z.col(0), labels[0]), std::out_of_range);
  }
}

TEST_CASE("64-bit labels are not cut to 32 bits") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(3, 1);
  for (const std::uint64_t label : {std::uint64_t{1} << 32U, (std::uint64_t{1} << 32U) + 1, std::uint64_t{1} << 63U,
                                    (std::uint64_t{1} << 63U) + 1, std::numeric_limits<std::uint64_t>::max()}) {
    CAPTURE(label);
    CHECK_THROWS_AS(xent::softmax_cross_entropy(z, std::vector<std::uint64_t>{label}), std::out_of_range);
  }
  Options options;
  options.ignore_index = Index{1} << 40;
  CHECK(xent::softmax_cross_entropy(z, std::vector<std::int64_t>{std::int64_t{1} << 40}, options) == 0);
  CHECK_THROWS_AS(xent::softmax_cross_entropy(z, std::vector<std::int64_t>{-100}, options), std::out_of_range);
}

// Kernels take labels of 32 bits; what does not fit is compared before it is cut.
TEST_CASE("64-bit labels of many samples: the bits of 32-bit ones, whatever is ignored") {
  constexpr Index batch = 333;
  support::Random random(8);
  for (const Index classes : {2, 3, 10, 40}) {
    Eigen::MatrixXf z(classes, batch);
    random.fill_normal(z, 0, 2);
    std::vector<std::int32_t> labels;
    for (Index i = 0; i < batch; ++i) labels.push_back(i % 5 == 2 ? -100 : random.integer(static_cast<int>(classes)));
    Eigen::MatrixXf expected, gradient;
    const float loss = xent::softmax_cross_entropy(z, labels, expected);
    for (const std::int64_t ignored : {std::int64_t{-100}, std::int64_t{1} << 40, (std::int64_t{1} << 32) + 1,
                                       -(std::int64_t{1} << 32), std::int64_t{1} << 31}) {
      CAPTURE(classes, ignored);
      xent::CrossEntropyOptions<float> options;
      options.ignore_index = ignored;
      Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> twice(2 * batch);
      for (Index i = 0; i < batch; ++i) {
        const std::int32_t label = labels[static_cast<std::size_t>(i)];
        twice[2 * i] = label == -100 ? ignored : label;
        twice[2 * i + 1] = -1;
      }
      const Eigen::Map<const Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>, 0, Eigen::InnerStride<2>> apart(
          twice.data(), batch);
      const std::vector<std::int64_t> together(apart.begin(), apart.end());
      CHECK(xent::softmax_cross_entropy(z, together, gradient, options) == loss);
      CHECK(support::same(gradient, expected));
      CHECK(xent::softmax_cross_entropy(z, apart, gradient, options) == loss);
      CHECK(support::same(gradient, expected));
      for (const std::int64_t bad : {std::int64_t{1} << 32, (std::int64_t{1} << 33) + 1, -(std::int64_t{1} << 40)}) {
        std::vector<std::int64_t> wrong = together;
        wrong[200] = bad;
        gradient.setConstant(7);
        CHECK_THROWS_AS(xent::softmax_cross_entropy(z, wrong, gradient, options), std::out_of_range);
        CHECK((gradient.array() == 7).all());
      }
    }
  }
}

TEST_CASE("ignore_index is compared with the label's value, in every type") {
  const Fixture f;
  Options options;
  options.ignore_index = 0;
  xent::CrossEntropyReport<double> report;
  const auto ignored = [&](const auto& labels) {
    xent::softmax_cross_entropy(f.z, labels, options, &report);
    return report.ignored;
  };
  CHECK(ignored(f.labels) == 2);
  CHECK(ignored(std::vector<bool>{true, false, true, false, true}) == 2);
  CHECK(ignored(std::vector<std::uint64_t>{1, 0, 1, 0, 1}) == 2);
  options.ignore_index = 255;
  CHECK(ignored(std::vector<std::uint8_t>{1, 255, 1, 255, 255}) == 3);
  CHECK_THROWS_AS(ignored(std::vector<std::int8_t>{1, -1, 1, -1, -1}), std::out_of_range);
  options.ignore_index = -1;
  CHECK(ignored(std::vector<std::int8_t>{1, -1, 1, -1, -1}) == 3);
  options.ignore_index = Options().ignore_index;
  CHECK(options.ignore_index == -100);
  CHECK(ignored(std::vector<std::int8_t>{1, -100, 1, -100, -100}) == 3);
}

TEST_CASE("one label a sample, no more and no fewer") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(3, 4);
  const auto text = [](const char* got, const char* expected) {
    return std::string("xent::softmax_cross_entropy: labels: got ") + got + ", expected " + expected +
           ", one per sample";
  };
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, std::vector<int>{0, 1, 2}),
                    text("3", "4") + " (a sample is a column: Axis::rows?)");
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, std::vector<int>{0, 1, 2, 0, 1}), text("5", "4"));
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, Eigen::Vector3i(0, 1, 2)),
                    text("3", "4") + " (a sample is a column: Axis::rows?)");
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, Eigen::Vector4i(0, 0, 0, 0), {xent::Axis::rows}),
                    text("4", "3") + " (a sample is a row: Axis::columns?)");
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z.col(0), Eigen::Vector3i(0, 1, 2)), text("3", "1"));
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z.leftCols(0), std::vector<int>{0}), text("1", "0"));
}
