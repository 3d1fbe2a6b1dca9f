package io.blobstore.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Marks a test, or a class of tests, that runs in the campaign tier only ({@code -Pcampaign}), because it takes long or
 * needs a server, and because a smaller test of the quick tier checks the same. {@link TestTiersContract} verifies that
 * such a test exists.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Tag(Campaign.TAG)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface Campaign {
    /** The tag, which the build excludes except in the campaign tier. */
    String TAG = "campaign";

    /**
     * Returns the class whose tests check the same in the quick tier. For a method, it may be the class that declares
     * the method.
     */
    Class<?> representedBy();
}
