package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

class KnownLimitationsTest {
    @Test
    void aListedTestThatFailsIsSkippedWithTheReason() {
        EngineExecutionResults results = run(Limited.class);

        results.testEvents()
                .assertStatistics(
                        counts -> counts.started(5).succeeded(2).aborted(2).failed(1));
        assertThat(results.testEvents().aborted().stream().map(KnownLimitationsTest::problem))
                .allMatch(problem -> problem.contains("some-server: it cannot"));
        assertThat(results.containerEvents().failed().count()).isZero();
    }

    @Test
    void aListedTestThatPassesFailsItsClass() {
        assertThat(run(Passing.class).containerEvents().failed().stream().map(KnownLimitationsTest::problem))
                .singleElement()
                .asString()
                .contains("tests that some-server passes", "passes");
    }

    @Test
    void aListedTestThatDoesNotExistFailsItsClass() {
        assertThat(run(Misspelled.class).containerEvents().failed().stream().map(KnownLimitationsTest::problem))
                .singleElement()
                .asString()
                .contains("mispelled");
    }

    private static EngineExecutionResults run(Class<?> type) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(type))
                .execute();
    }

    private static String problem(Event event) {
        return event.getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .map(String::valueOf)
                .orElse("");
    }

    static class Limited {
        @RegisterExtension
        static final KnownLimitations LIMITATIONS = new KnownLimitations("some-server")
                .fails("failsForOne", "it cannot")
                .fails("leavesSomething", "it cannot")
                .mayFail("passes", "it cannot");

        private boolean left;

        @AfterEach
        void requireNothingLeft() {
            assertThat(left).isFalse();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void failsForOne(int value) {
            assertThat(value).isEqualTo(1);
        }

        @Test
        void leavesSomething() {
            left = true;
            fail();
        }

        @Test
        void passes() {}

        @Test
        void isNotListed() {
            fail();
        }
    }

    static class Passing {
        @RegisterExtension
        static final KnownLimitations LIMITATIONS = new KnownLimitations("some-server").fails("passes", "it cannot");

        @Test
        void passes() {}
    }

    static class Misspelled {
        @RegisterExtension
        static final KnownLimitations LIMITATIONS = new KnownLimitations("some-server").fails("mispelled", "it cannot");

        @Test
        void misspelled() {}
    }
}
