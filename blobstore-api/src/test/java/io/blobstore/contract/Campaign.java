package io.blobstore.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Marks a test, or a class of tests, that runs in the campaign tier only ({@code -Pcampaign}): what takes long, or
 * needs a server, and asks a question that a test of the quick tier asks already in a smaller way.
 * {@link TestTiersContract} checks that there is one.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Tag(Campaign.TAG)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface Campaign {
    /** The tag, which the build leaves out unless the campaign tier is asked for. */
    String TAG = "campaign";

    /** The class whose tests guard the same in the quick tier. For a method it may be the class that declares it. */
    Class<?> representedBy();
}
