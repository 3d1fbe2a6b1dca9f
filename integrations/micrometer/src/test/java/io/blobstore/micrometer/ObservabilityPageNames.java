package io.blobstore.micrometer;

import io.blobstore.StoreObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.slf4j.Logger;

/** The names that the examples of {@code docs/observability.md} use without declaring them. */
class ObservabilityPageNames {
    MeterRegistry meterRegistry;
    ObservationRegistry observationRegistry;
    StoreObserver metrics;
    Logger log;
}
